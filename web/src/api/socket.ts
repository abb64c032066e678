/**
 * One websocket for all market streams, shared by reference count: a stream is subscribed while somebody listens. It reconnects by
 * itself with growing pauses, subscribes again, and tells how old the newest message is. The venue takes five requests a second
 * per connection, so requests are gathered.
 */

export type Link = "connecting" | "live" | "lost";
type Listener = (data: never) => void;

const GATHER_MS = 220;
const QUIET_PROBE_MS = 4_000; // nothing heard for so long: ask something
const DEAD_MS = 9_000; // still nothing: the line is dead
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000];

export class StreamSocket {
  link: Link = "connecting";
  lastHeard = Date.now();
  private socket: WebSocket | null = null;
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly subscribed = new Set<string>();
  private readonly linkListeners = new Set<() => void>();
  private gathering = 0;
  private attempt = 0;
  private requestId = 0;
  private readonly unanswered = new Set<number>();
  private waiting: (() => void)[] = [];

  constructor(private readonly url: string) {
    this.connect();
    setInterval(() => this.watch(), 1_000);
    addEventListener("online", () => this.socket?.readyState === WebSocket.CLOSED && this.connect());
  }

  listen<T>(stream: string, listener: (data: T) => void): () => void {
    const present = this.listeners.get(stream) ?? new Set<Listener>();
    present.add(listener as Listener);
    this.listeners.set(stream, present);
    this.gather();
    return () => {
      present.delete(listener as Listener);
      if (!present.size) this.listeners.delete(stream);
      this.gather();
    };
  }

  /** Resolves when the venue has confirmed every subscription asked for so far: only then does a snapshot join up with the stream. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.settle();
    });
  }

  private settle(): void {
    if (this.link !== "live" || this.gathering || this.unanswered.size) return;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** Called when the connection is back after it was lost: what happened meanwhile has to be read again. */
  onRestored(listener: () => void): () => void {
    let lost = this.link === "lost";
    return this.onLink(() => {
      if (this.link === "live" && lost) listener();
      lost = this.link === "lost";
    });
  }

  onLink(listener: () => void): () => void {
    this.linkListeners.add(listener);
    return () => this.linkListeners.delete(listener);
  }

  private setLink(link: Link): void {
    if (link === this.link) return;
    this.link = link;
    for (const listener of this.linkListeners) listener();
  }

  private connect(): void {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => {
      this.attempt = 0;
      this.lastHeard = Date.now();
      this.subscribed.clear();
      this.unanswered.clear();
      this.setLink("live");
      this.reconcile();
    };
    socket.onmessage = (message: MessageEvent<string>) => {
      this.lastHeard = Date.now();
      const { stream, data, id } = JSON.parse(message.data) as { stream?: string; data?: never; id?: number };
      if (id !== undefined && this.unanswered.delete(id)) this.settle();
      if (stream === undefined || data === undefined) return;
      for (const listener of this.listeners.get(stream) ?? []) listener(data);
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.setLink("lost");
      const pause = RETRY_MS[Math.min(this.attempt++, RETRY_MS.length - 1)]!;
      setTimeout(() => this.connect(), pause * (0.8 + Math.random() * 0.4));
    };
  }

  private gather(): void {
    if (this.gathering || this.socket?.readyState !== WebSocket.OPEN) return;
    this.gathering = window.setTimeout(() => this.reconcile(), this.subscribed.size ? GATHER_MS : 0);
  }

  /** Sends the difference between what is listened to and what is subscribed. */
  private reconcile(): void {
    clearTimeout(this.gathering);
    this.gathering = 0;
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const added = [...this.listeners.keys()].filter((stream) => !this.subscribed.has(stream));
    const gone = [...this.subscribed].filter((stream) => !this.listeners.has(stream));
    for (const stream of added) this.subscribed.add(stream);
    for (const stream of gone) this.subscribed.delete(stream);
    if (added.length) this.request("SUBSCRIBE", added);
    if (gone.length) this.request("UNSUBSCRIBE", gone);
    this.settle();
  }

  private request(method: string, params?: string[]): void {
    this.unanswered.add(++this.requestId);
    this.socket?.send(JSON.stringify({ method, params, id: this.requestId }));
  }

  private watch(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const quiet = Date.now() - this.lastHeard;
    if (quiet > DEAD_MS) {
      const dead = this.socket;
      this.setLink("lost");
      this.connect();
      dead.close();
    } else if (quiet > QUIET_PROBE_MS) {
      this.request("LIST_SUBSCRIPTIONS");
    }
  }
}
