class SearchesController < ApplicationController
  def show
    query = params[:q].to_s.strip
    return render json: { error: "What to search for is missing: ?q=<name>." }, status: :bad_request if query.empty?

    cached = true
    results = SearchCache.fetch(query) do
      cached = false
      Users.named(Elastic.search(query))
    end
    render json: { results:, cached: }
  end
end
