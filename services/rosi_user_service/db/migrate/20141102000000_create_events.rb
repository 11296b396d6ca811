# What has happened and is not published yet: written with what it tells of, or not at all.
class CreateEvents < ActiveRecord::Migration[7.2]
  def change
    create_table :events do |t|
      t.string :name, null: false
      t.text :body, null: false
      t.datetime :created_at, null: false
    end
  end
end
