# What the catalog has heard of: the search index is made of it, and made of it again where it is lost.
class CreateEntries < ActiveRecord::Migration[7.2]
  def change
    create_table :entries do |t|
      t.bigint :user_id, null: false, index: { unique: true }
      t.string :name, null: false
    end
  end
end
