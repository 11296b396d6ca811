# What has happened, until a time after lib/publisher.rb has published it.
class Event < ApplicationRecord
end
