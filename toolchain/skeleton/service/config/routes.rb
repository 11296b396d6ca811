Rails.application.routes.draw do
  root "welcome#show"
end
