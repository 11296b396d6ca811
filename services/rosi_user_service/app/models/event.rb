# What has happened, until lib/publisher.rb has published it.
class Event < ApplicationRecord
end
