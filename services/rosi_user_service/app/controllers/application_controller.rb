class ApplicationController < ActionController::API
  rescue_from ActiveRecord::RecordNotFound do |error|
    render json: { error: "There is no #{error.model.downcase} with id #{error.id}." }, status: :not_found
  end

  rescue_from ActiveRecord::ConnectionNotEstablished, ActiveRecord::ConnectionFailed do
    response.headers["Retry-After"] = "1"
    render json: { error: "The database does not answer." }, status: :service_unavailable
  end
end
