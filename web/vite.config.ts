import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const SHIPPED = ["react", "react-dom", "scheduler", "lightweight-charts", "fancy-canvas", "lucide-react", "@fontsource-variable/inter"];

/** The licences of what ends up in the bundle travel with it. */
function licences(): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle() {
      const parts = SHIPPED.map((name) => {
        const folder = resolve(import.meta.dirname, "node_modules", name);
        const { version, license } = JSON.parse(readFileSync(resolve(folder, "package.json"), "utf8"));
        let text = "";
        for (const file of ["LICENSE", "LICENSE.md", "NOTICE"]) {
          try {
            text += readFileSync(resolve(folder, file), "utf8") + "\n";
          } catch {
            // Not every package carries every file; its licence is named in the heading.
          }
        }
        return `==== ${name} ${version} (${license}) ====\n\n${text}`;
      });
      this.emitFile({ type: "asset", fileName: "licences.txt", source: parts.join("\n") });
    },
  };
}

const WORKER = "worker.js";
const NOT_SHELL = new Set([WORKER, "licences.txt", "index.html"]);

/** The files below a folder, as paths from it. */
function filesOf(folder: string, below = ""): string[] {
  return readdirSync(resolve(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below ? `${below}/${entry.name}` : entry.name;
    return entry.isDirectory() ? filesOf(folder, path) : [path];
  });
}

/** Tells the service worker (src/pwa/worker.ts) which files the app is made of, and a version that changes when any of them does. */
function shellFiles(): Plugin {
  return {
    name: "shell-files",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const publicFolder = resolve(import.meta.dirname, "public");
      const digest = createHash("sha256").update(readFileSync(resolve(import.meta.dirname, "index.html")));
      const still = filesOf(publicFolder).sort();
      for (const file of still) digest.update(readFileSync(resolve(publicFolder, file)));
      const built = Object.keys(bundle).filter((file) => !NOT_SHELL.has(file)).sort();
      digest.update(built.join());
      const worker = bundle[WORKER];
      if (worker?.type !== "chunk") throw new Error("the service worker is missing from the bundle");
      digest.update(worker.code);
      const files = ["/index.html", ...[...still, ...built].map((file) => `/${file}`)];
      const version = digest.digest("hex").slice(0, 16);
      worker.code = worker.code.replaceAll("__SHELL_FILES__", JSON.stringify(files)).replaceAll("__SHELL_VERSION__", JSON.stringify(version));
    },
  };
}

const api = process.env.CRYPTOSHOP_REST ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), licences(), shellFiles()],
  build: {
    outDir: process.env.CRYPTOSHOP_APP ?? "../cryptoshop/static/app",
    emptyOutDir: true,
    target: "es2022",
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      input: { index: resolve(import.meta.dirname, "index.html"), worker: resolve(import.meta.dirname, "src/pwa/worker.ts") },
      // A service worker is found under one address for ever; all else is named by its content.
      output: {
        entryFileNames: ({ name }) => (name === "worker" ? WORKER : "assets/[name]-[hash].js"),
        // What every page needs is one file that rarely changes; an icon that two rooms share is not worth a request of its own.
        codeSplitting: { groups: [{ name: "base", test: /node_modules[\\/](react|react-dom|scheduler|lucide-react)[\\/]/ }] },
      },
    },
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/api": api,
      "/sapi": api,
      "/account": api,
      "/config.json": api,
      // The shop's pages and its API share their paths; who asks for a page gets the app.
      "/shop": { target: api, bypass: ({ headers }) => (headers.accept?.includes("text/html") ? "/index.html" : undefined) },
    },
  },
});
