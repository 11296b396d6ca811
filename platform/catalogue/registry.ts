import images from "./images.json" with { type: "json" };
import type { Infrastructure } from "./infrastructure.ts";

/** The private image registry: CNCF distribution, over TLS, for those alone who know a password. */
export const registry = {
  image: images.registry,
  environment: {
    REGISTRY_AUTH: "htpasswd",
    REGISTRY_AUTH_HTPASSWD_PATH: "/run/secrets/htpasswd",
    REGISTRY_AUTH_HTPASSWD_REALM: "mia",
    REGISTRY_HTTP_TLS_CERTIFICATE: "/run/secrets/certificate.pem",
    REGISTRY_HTTP_TLS_KEY: "/run/secrets/key.pem",
    REGISTRY_STORAGE_DELETE_ENABLED: "true",
    // Else each health check would leave two lines.
    REGISTRY_LOG_ACCESSLOG_DISABLED: "true",
    REGISTRY_LOG_LEVEL: "error",
  },
  data: { volume: "data", path: "/var/lib/registry" },
  confinement: { root: "its image knows no other user, and what it keeps is root's" },
  healthCheck: {
    // That it asks over TLS who one is; while it can't reach its data it answers 503 to everything. Without the password, which
    // all who see the machine's processes would see.
    tests: [
      "CMD-SHELL",
      "wget -S -O /dev/null --no-check-certificate https://127.0.0.1:5000/v2/ 2>&1 | grep -q ' 401 '",
    ],
    interval: "2s",
    timeout: "3s",
    startPeriod: "30s",
    retries: 3,
  },
  memoryMib: 256,
  stopSeconds: 10,
  readySeconds: 60,
} satisfies Infrastructure;
