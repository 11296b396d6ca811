# When an event was published: it stays for a time, for a RabbitMQ that has lost it.
class KeepPublishedEvents < ActiveRecord::Migration[7.2]
  def change
    add_column :events, :published_at, :datetime
    # What is to be published, in its order.
    add_index :events, [:published_at, :id]
  end
end
