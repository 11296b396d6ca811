# Answers GET /health before Rails and its log: 200 where the database answers too, else 503 and why.
class Health
  def initialize(app)
    @app = app
  end

  def call(env)
    env["PATH_INFO"] == "/health" ? answer(database) : @app.call(env)
  end

  private

  def database
    ActiveRecord::Base.with_connection { |connection| connection.select_value("SELECT 1") }
    "ok"
  rescue StandardError => error
    error.message.lines.first.strip
  end

  def answer(database)
    headers = { "content-type" => "application/json", "cache-control" => "no-store" }
    [database == "ok" ? 200 : 503, headers, [{ database: }.to_json]]
  end
end
