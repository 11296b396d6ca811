Rails.application.routes.draw do
  get "search", to: "searches#show"
end
