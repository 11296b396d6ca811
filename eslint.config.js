import js from "@eslint/js";
import pulumi from "@pulumi/eslint-plugin";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const node = Object.fromEntries(
  [
    "process",
    "console",
    "fetch",
    "URL",
    "AbortController",
    "AbortSignal",
    "Buffer",
    "setInterval",
    "clearInterval",
    "setTimeout",
    "clearTimeout",
  ].map((name) => [name, "readonly"]),
);

export default defineConfig(
  globalIgnores(["node_modules", ".mia"]),
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { "@pulumi": pulumi },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "off",
      // Resources are made for what making them does.
      "@typescript-eslint/no-unused-expressions": "off",
    },
  },
  {
    // What runs in browsers.
    files: ["frontend/**/*.js", "lb/status/*.js"],
    languageOptions: { globals: { document: "readonly", FormData: "readonly" } },
  },
  { files: ["**/*.{mjs,cjs,js}"], languageOptions: { globals: { ...node, require: "readonly", module: "writable" } } },
);
