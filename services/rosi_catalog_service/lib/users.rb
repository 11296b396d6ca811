require "json"
require "net/http"

# The user service, which knows what its users are called now.
module Users
  class Away < StandardError; end
  class Unreachable < Away; end

  class << self
    # These users as {id:, name:}, in this order; without those that are no more.
    def named(ids)
      return [] if ids.empty?

      by_id = ask("/users?ids=#{ids.join(",")}").fetch("users").index_by { |user| user["id"] }
      ids.filter_map { |id| by_id[id]&.slice("id", "name") }
    end

    private

    # One that can't be reached may have just been taken away: then another is asked.
    def ask(path)
      first, second = Directory.addresses("user").sample(2)
      raise Away, "No instance of user is known." if first.nil?

      begin
        get(first, path)
      rescue Unreachable
        second.nil? ? raise : get(second, path)
      end
    end

    def get(address, path)
      host, port = address.split(":")
      response = Net::HTTP.start(host, port.to_i, open_timeout: 1, read_timeout: 5) { |http| http.get(path) }
      raise Away, "The user service answers #{response.code}." unless response.is_a?(Net::HTTPSuccess)

      JSON.parse(response.body)
    rescue SystemCallError, SocketError, Timeout::Error, EOFError => error
      raise Unreachable, "The user service does not answer (#{error.class})."
    end
  end
end
