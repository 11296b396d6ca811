module Microservice
  # What Rails could not answer itself, as JSON: a path that is not there, a body that can't be read, an error of ours.
  module Failure
    WORDS = { 400 => "The request can't be read.", 404 => "There is nothing here." }.freeze

    def self.call(env)
      status = env["PATH_INFO"].delete_prefix("/").to_i
      words = WORDS.fetch(status) { Rack::Utils::HTTP_STATUS_CODES.fetch(status, "Error") }
      [status, { "content-type" => "application/json" }, [{ error: words }.to_json]]
    end
  end
end
