/** The smallest store React can subscribe to. A FrameStore tells its readers at most once per animation frame. */
import { useSyncExternalStore } from "react";

export class Store<T> {
  private readonly listeners = new Set<() => void>();

  constructor(protected value: T) {}

  get = (): T => this.value;

  set(value: T): void {
    this.value = value;
    this.tell();
  }

  update(change: (value: T) => T): void {
    this.set(change(this.value));
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  protected tell(): void {
    for (const listener of this.listeners) listener();
  }
}

export class FrameStore<T> extends Store<T> {
  private frame = 0;

  /** `make` runs once, at the next frame, however often this is called before. */
  schedule(make: () => T): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.value = make();
      this.tell();
    });
  }

  cancel(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
