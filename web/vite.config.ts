import { readFileSync } from "node:fs";
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

const api = process.env.CRYPTOSHOP_REST ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), licences()],
  build: { outDir: "../cryptoshop/static/app", emptyOutDir: true, target: "es2022", reportCompressedSize: false, chunkSizeWarningLimit: 800 },
  server: { host: "127.0.0.1", proxy: { "/api": api, "/sapi": api, "/account": api, "/config.json": api } },
});
