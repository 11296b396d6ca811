class UsersController < ApplicationController
  def create
    user = User.new(params.permit(:name, :email))
    if user.save
      render json: user.to_public, status: :created, location: location_of(user)
    else
      render json: { errors: user.errors.to_hash }, status: :unprocessable_entity
    end
  end

  # Those of ?ids=1,2 that there are; a hundred at most.
  def index
    ids = params.require(:ids).to_s.split(",").first(100)
    render json: { users: User.where(id: ids).order(:id).map(&:to_public) }
  end

  def show
    render json: User.find(params[:id]).to_public
  end

  private

  # As the client sees it: the load balancer says what it has taken off the path.
  def location_of(user)
    "#{request.headers["X-Forwarded-Prefix"]}#{user_path(user)}"
  end
end
