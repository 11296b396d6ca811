require "json"
require "net/http"

# The search index of users, over the HTTP that OpenSearch and Elasticsearch share.
module Elastic
  class Away < StandardError; end
  class Busy < Away; end

  INDEX = "catalog-users".freeze
  AT = URI("http://#{ENV["ELASTIC_PORT_9200_TCP_ADDR"]}:#{ENV["ELASTIC_PORT_9200_TCP_PORT"]}").freeze

  class << self
    # Raises where no search would succeed.
    def ping
      request(:get, "/_cluster/health?wait_for_status=yellow&timeout=500ms")
    end

    # The ids of the users whose name has these words, the last of which may be only begun.
    def search(words)
      query = { match_bool_prefix: { name: { query: words, operator: "and" } } }
      found = patiently { request(:post, "/#{INDEX}/_search?ignore_unavailable=true", { query:, size: 20, _source: false }) }
      found.dig("hits", "hits").map { |hit| hit["_id"].to_i }
    end

    # Puts users into the index, and returns once a search finds them.
    def put(users)
      lines = users.flat_map { |user| [{ index: { _id: user[:id] } }, { name: user[:name] }] }
      result = request(:post, "/#{INDEX}/_bulk?refresh=true", lines) if lines.any?
      raise Away, "Not all could be indexed: #{result["items"].first}" if result && result["errors"]
    end

    def exists?
      request(:get, "/_cat/indices?format=json").any? { |index| index["index"] == INDEX }
    end

    def create
      settings = { number_of_shards: 1, number_of_replicas: 0 }
      request(:put, "/#{INDEX}", { settings:, mappings: { properties: { name: { type: "text" } } } })
    end

    private

    # An index that is just being made can't be searched yet, but in a moment.
    def patiently(tries = 10)
      yield
    rescue Busy
      raise if (tries -= 1).zero?

      sleep 0.2
      retry
    end

    def request(method, path, body = nil)
      request = Net::HTTP.const_get(method.capitalize).new(path, "content-type" => "application/json")
      request.body = body.is_a?(Array) ? body.map { |line| "#{line.to_json}\n" }.join : body&.to_json
      # What gets lost on the way is sent again after a second.
      response = Net::HTTP.start(AT.host, AT.port, open_timeout: 2, read_timeout: 5) { |http| http.request(request) }
      unless response.is_a?(Net::HTTPSuccess)
        problem = response.is_a?(Net::HTTPServiceUnavailable) ? Busy : Away
        raise problem, "The search engine answers #{response.code}."
      end

      JSON.parse(response.body)
    rescue SystemCallError, SocketError, Timeout::Error, EOFError => error
      raise Away, "The search engine does not answer (#{error.class})."
    end
  end
end
