class User < ApplicationRecord
  validates :name, presence: true, length: { maximum: 255 }
  validates :email, presence: true, length: { maximum: 255 }, format: { with: URI::MailTo::EMAIL_REGEXP, allow_blank: true }

  # In the same transaction: what is not stored has not happened, and what is stored is published.
  after_create { Event.create!(name: "user.created", body: { id:, name: }.to_json) }

  def to_public
    { id:, name:, email: }
  end
end
