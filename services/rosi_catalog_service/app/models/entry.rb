# A user that the catalog has heard of.
class Entry < ApplicationRecord
end
