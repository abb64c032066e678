/// <reference lib="webworker" />
/**
 * The service worker: the app's own files from a cache made at the build, the catalog that was seen when the network is away.
 * It never answers for money: /account, /api, carts, checkouts and orders pass it by untouched. What the catalog shows is renewed
 * with every look; a kept copy answers only when the network does not within HEAD_START_MS, and the page is told so.
 */
export {};
declare const self: ServiceWorkerGlobalScope;

/** Filled in by the build (vite.config.ts): the app's files, and a digest of them all. */
declare const __SHELL_FILES__: string[];
declare const __SHELL_VERSION__: string;

const FILES = __SHELL_FILES__;
const SHELL = `shell-${__SHELL_VERSION__}`;
const CATALOG = "catalog-1";
const IMAGES = "images-1";
const CATALOG_KEPT = 300;
const IMAGES_KEPT = 600;
const HEAD_START_MS = 1_500;
const SHELL_PAGE = "/index.html";

const CATALOG_PATH = /^\/shop\/(home|categories|collections(\/[^/]+)?|products(\/[^/]+(\/reviews)?)?|sellers\/[^/]+)$/;
const IMAGE_PATH = /^\/shop\/images\//;
const NOT_A_PAGE = /^\/(api|sapi|account|shop\/[^?]*\.xml|health|metrics)(\/|$)|\.[a-z0-9]+$/i;
/** After these somebody else may be looking: what was seen showed their wishes. */
const CHANGES_WHO = /^\/account\/(login|logout|signup)$/;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" })))));
});

self.addEventListener("activate", (event) => {
  const keep = new Set([SHELL, CATALOG, IMAGES]);
  const tidy = async () => {
    for (const name of await caches.keys()) if (!keep.has(name)) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

self.addEventListener("message", (event) => {
  const told = event.data as { kind?: string; urls?: string[] };
  if (told.kind === "take-over") self.skipWaiting();
  if (told.kind === "seen") event.waitUntil(keepSeen(told.urls ?? []));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method !== "GET") {
    if (CHANGES_WHO.test(url.pathname)) event.waitUntil(caches.delete(CATALOG));
    return;
  }
  if (request.mode === "navigate") {
    if (!NOT_A_PAGE.test(url.pathname)) event.respondWith(page(request));
  } else if (CATALOG_PATH.test(url.pathname)) {
    event.respondWith(freshOrSeen(event));
  } else if (IMAGE_PATH.test(url.pathname)) {
    event.respondWith(image(event));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(shellFile(request));
  }
});

const pause = (ms: number) => new Promise<undefined>((resolve) => setTimeout(resolve, ms));

/** The newest page where the network answers soon, else the one of this version; its parts are named by their content. */
async function page(request: Request): Promise<Response> {
  const fresh = fetch(request).catch(() => undefined);
  const answer = await Promise.race([fresh, pause(HEAD_START_MS)]);
  if (answer?.ok) return answer;
  const kept = await caches.match(SHELL_PAGE, { cacheName: SHELL });
  return kept ?? (await fresh) ?? Response.error();
}

async function shellFile(request: Request): Promise<Response> {
  const kept = await caches.match(request, { cacheName: SHELL, ignoreSearch: true, ignoreVary: true });
  return kept ?? fetch(request);
}

async function freshOrSeen(event: FetchEvent): Promise<Response> {
  const { request } = event;
  const fresh = fetch(request).then((response) => {
    if (response.ok) event.waitUntil(keep(CATALOG, CATALOG_KEPT, request.url, response.clone()));
    return response;
  });
  const seen = await caches.match(request.url, { cacheName: CATALOG, ignoreVary: true });
  if (!seen) return fresh;
  const renewed = fresh.catch(() => undefined);
  event.waitUntil(renewed);
  const answer = await Promise.race([renewed, pause(HEAD_START_MS)]);
  if (answer && answer.status < 500) return answer;
  await tellSeen(event, Number(seen.headers.get("x-kept-at")));
  return seen;
}

/** An image's address never means another image. */
async function image(event: FetchEvent): Promise<Response> {
  const { request } = event;
  const kept = await caches.match(request.url, { cacheName: IMAGES, ignoreVary: true });
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) event.waitUntil(keep(IMAGES, IMAGES_KEPT, request.url, response.clone()));
  return response;
}

async function keep(name: string, most: number, url: string, response: Response): Promise<void> {
  const headers = new Headers(response.headers);
  headers.set("x-kept-at", String(Date.now()));
  for (const name of ["set-cookie", "content-encoding", "content-length"]) headers.delete(name); // the body stands decoded
  const body = await response.blob();
  const cache = await caches.open(name);
  await cache.delete(url, { ignoreVary: true }); // so that the keys stand in the order of their last use
  await cache.put(url, new Response(body, { status: response.status, headers }));
  const keys = await cache.keys();
  for (const key of keys.slice(0, Math.max(0, keys.length - most))) await cache.delete(key, { ignoreVary: true });
}

/** What a page had loaded before this worker stood behind it. */
async function keepSeen(urls: string[]): Promise<void> {
  for (const address of new Set(urls)) {
    const url = new URL(address, self.location.origin);
    if (url.origin !== self.location.origin) continue;
    const catalog = CATALOG_PATH.test(url.pathname);
    if (!catalog && !IMAGE_PATH.test(url.pathname)) continue;
    try {
      const response = await fetch(url.href, { headers: { Accept: catalog ? "application/json" : "image/*" } }); // pages share the catalog's addresses
      if (response.ok) await keep(catalog ? CATALOG : IMAGES, catalog ? CATALOG_KEPT : IMAGES_KEPT, url.href, response);
    } catch {
      return; // offline already: what is kept is kept
    }
  }
}

async function tellSeen(event: FetchEvent, at: number): Promise<void> {
  const client = await self.clients.get(event.clientId);
  client?.postMessage({ kind: "seen", at });
}
