class WelcomeController < ApplicationController
  def show
    render json: { service: ENV.fetch("SERVICE_3000_NAME") }
  end
end
