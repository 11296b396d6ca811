// What an image registry says of an image, asked as docker asks it.

const manifests = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(",");

/** Where an image's name leads: one without a host is Docker Hub's. */
export function placeOf(image) {
  const [, host, path, tag] = /^(?:((?:localhost|[^/]*[.:])[^/]*)\/)?(.*):([^:]+)$/.exec(image) ?? [];
  if (host === undefined) {
    return { url: "https://registry-1.docker.io", path: path.includes("/") ? path : `library/${path}`, tag };
  }
  // As docker does, which trusts an address of this computer unseen.
  const scheme = /^(localhost|127\.)/.test(host) ? "http" : "https";
  return { url: `${scheme}://${host}`, path, tag };
}

/** The digest of what a tag names now. */
export async function digestOf(image) {
  const { url, path, tag } = placeOf(image);
  const response = await ask(`${url}/v2/${path}/manifests/${tag}`, { method: "HEAD", headers: { accept: manifests } });
  return response.headers.get("docker-content-digest");
}

/** All tags beside an image's. */
export async function tagsOf(image) {
  const { url, path } = placeOf(image);
  const tags = [];
  for (let next = `/v2/${path}/tags/list?n=1000`; next !== undefined;) {
    const response = await ask(new URL(next, url).href, {});
    tags.push(...((await response.json()).tags ?? []));
    next = /<(.*)>; *rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  }
  return tags;
}

/** Asks, with the token that a registry gives to everybody where it wants one. */
async function ask(url, { headers = {}, ...options }) {
  const request = (more) =>
    fetch(url, { ...options, headers: { ...headers, ...more }, signal: AbortSignal.timeout(15_000) });
  let response = await request({});
  const [, realm, service, scope] =
    /^Bearer realm="([^"]+)",service="([^"]*)",scope="([^"]*)"/.exec(response.headers.get("www-authenticate") ?? "") ??
    [];
  if (response.status === 401 && realm !== undefined) {
    const place = new URL(realm);
    for (const [key, value] of Object.entries({ service, scope })) place.searchParams.set(key, value);
    const given = await fetch(place, { signal: AbortSignal.timeout(15_000) });
    const { token } = await given.json();
    response = await request({ authorization: `Bearer ${token}` });
  }
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response;
}
