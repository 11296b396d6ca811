module Microservice
  # Answers GET /health before Rails and its log: 200 where all that the service needs answers too, else 503 and why.
  class Health
    def initialize(app, checks)
      @app = app
      @checks = checks
    end

    def call(env)
      env["PATH_INFO"] == "/health" ? answer(@checks.transform_values { |check| words(check) }) : @app.call(env)
    end

    private

    def words(check)
      check.call
      "ok"
    rescue StandardError => error
      error.message.lines.first.to_s.strip
    end

    def answer(results)
      headers = { "content-type" => "application/json", "cache-control" => "no-store" }
      [results.values.all?("ok") ? 200 : 503, headers, [results.to_json]]
    end
  end
end
