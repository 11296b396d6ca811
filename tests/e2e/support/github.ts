import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Comment {
  readonly id: number;
  readonly user: { readonly login: string };
  body: string;
}

/** A stand-in for GitHub's API with one pull request, as far as comments need it: the real one can't be asked by a test. */
export class GitHub {
  readonly comments: Comment[];
  /** What was asked of it: `POST /repos/…`. */
  readonly requests: string[] = [];
  private readonly server: Server;
  private readonly pullRequest: { number: number; head: { label: string; sha: string } };

  private constructor(number: number, label: string, others: number) {
    this.pullRequest = { number, head: { label, sha: "" } };
    // More than one page of what others have said, one of them in our words.
    this.comments = Array.from({ length: others }, (_, id) => ({
      id: id + 1,
      user: { login: "somebody" },
      body: `${id === 0 ? "<!-- mia: what a pull request changes -->" : ""}a word`,
    }));
    this.server = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        const { method = "", url = "" } = request;
        this.requests.push(`${method} ${url}`);
        const isAllowed = request.headers.authorization?.endsWith("a-token-of-github");
        const answer = isAllowed ? this.answer(method, new URL(url, "http://127.0.0.1"), text) : undefined;
        response.writeHead(answer === undefined ? 403 : 200, {
          "content-type": "application/json",
          ...answer?.headers,
        });
        response.end(JSON.stringify(answer?.body ?? { message: "Resource not accessible by integration" }));
      });
    });
  }

  static async start({ number, label, others }: { number: number; label: string; others: number }): Promise<GitHub> {
    const github = new GitHub(number, label, others);
    github.server.listen(0, "127.0.0.1");
    await once(github.server, "listening");
    return github;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  /** The pull request gets a new head. */
  push(sha: string): void {
    this.pullRequest.head.sha = sha;
  }

  /** What is ours of what was said. */
  get ours(): Comment[] {
    return this.comments.filter(({ user }) => user.login === "github-actions[bot]");
  }

  private answer(
    method: string,
    url: URL,
    text: string,
  ): { body: unknown; headers?: Record<string, string> } | undefined {
    const { pathname, searchParams: asked } = url;
    const { number, head } = this.pullRequest;
    const body = text === "" ? {} : (JSON.parse(text) as { body?: string });
    if (method === "GET" && pathname === "/repos/keep/mia/pulls") {
      return { body: asked.get("head") === head.label ? [this.pullRequest] : [] };
    }
    if (pathname === `/repos/keep/mia/issues/${String(number)}/comments`) {
      if (method === "GET") return this.page(url);
      const comment = { id: this.comments.length + 1, user: { login: "github-actions[bot]" }, body: body.body ?? "" };
      this.comments.push(comment);
      return { body: comment };
    }
    const edited = this.comments.find(({ id }) => pathname === `/repos/keep/mia/issues/comments/${String(id)}`);
    if (method !== "PATCH" || edited === undefined) return undefined;
    edited.body = body.body ?? "";
    return { body: edited };
  }

  private page(url: URL): { body: unknown; headers?: Record<string, string> } {
    const size = Number(url.searchParams.get("per_page") ?? "30");
    const page = Number(url.searchParams.get("page") ?? "1");
    const next = new URL(url.pathname + url.search, this.url);
    next.searchParams.set("page", String(page + 1));
    const isLast = this.comments.length <= page * size;
    return {
      body: this.comments.slice((page - 1) * size, page * size),
      ...(isLast ? {} : { headers: { link: `<${next.href}>; rel="next"` } }),
    };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}
