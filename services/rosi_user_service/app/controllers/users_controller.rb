class UsersController < ApplicationController
  def create
    user = User.new(params.permit(:name, :email))
    if user.save
      render json: user.as_json(only: [:id, :name, :email]), status: :created, location: location_of(user)
    else
      render json: { errors: user.errors.to_hash }, status: :unprocessable_entity
    end
  end

  def show
    render json: User.find(params[:id]).as_json(only: [:id, :name, :email])
  end

  private

  # As the client sees it: the load balancer says what it has taken off the path.
  def location_of(user)
    "#{request.headers["X-Forwarded-Prefix"]}#{user_path(user)}"
  end
end
