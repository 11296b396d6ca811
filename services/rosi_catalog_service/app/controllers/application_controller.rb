class ApplicationController < ActionController::API
  # What this needs of others is away, for a moment or longer.
  rescue_from Elastic::Away, Users::Away do |error|
    response.headers["Retry-After"] = "1"
    render json: { error: error.message }, status: :service_unavailable
  end
end
