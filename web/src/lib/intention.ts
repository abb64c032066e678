/**
 * What a person means by one click is done once. An Intention keeps one Idempotency-Key for the same words until an answer came: a
 * click that is repeated after a lost connection finds what the first one did; after an answer, or for other words, the key is new.
 */
import { ApiError } from "../api/rest";

export function newKey(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  // Browsers offer randomUUID only to pages that came over TLS or from this machine.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const isAnswer = (error: unknown): boolean => error instanceof ApiError && error.status > 0 && error.status < 500;

export class Intention {
  private key = "";
  private words = "";

  async send<T>(request: object, post: (key: string) => Promise<T>): Promise<T> {
    const words = JSON.stringify(request);
    if (!this.key || words !== this.words) this.key = newKey();
    this.words = words;
    try {
      const answer = await post(this.key);
      this.key = "";
      return answer;
    } catch (error) {
      if (isAnswer(error)) this.key = "";
      throw error;
    }
  }
}
