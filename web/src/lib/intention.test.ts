import { describe, expect, it } from "vitest";
import { ApiError } from "../api/rest";
import { Intention, newKey } from "./intention";

async function keyOf(intention: Intention, request: object, outcome?: ApiError): Promise<string> {
  let used = "";
  await intention
    .send(request, async (key) => {
      used = key;
      if (outcome) throw outcome;
    })
    .catch(() => undefined);
  return used;
}

const lost = new ApiError(0, "TIMEOUT", "");
const refused = new ApiError(409, "OUT_OF_STOCK", "");

describe("an intention", () => {
  it("keeps its key while the outcome is unknown", async () => {
    const intention = new Intention();
    const first = await keyOf(intention, { pay: 1 }, lost);
    expect(await keyOf(intention, { pay: 1 }, new ApiError(503, "BUSY", ""))).toBe(first);
    expect(await keyOf(intention, { pay: 1 })).toBe(first);
  });

  it("takes another after an answer, a refusal, or other words", async () => {
    const intention = new Intention();
    const first = await keyOf(intention, { pay: 1 });
    const second = await keyOf(intention, { pay: 1 }, refused);
    const third = await keyOf(intention, { pay: 1 }, lost);
    const fourth = await keyOf(intention, { pay: 2 });
    expect(new Set([first, second, third, fourth]).size).toBe(4);
  });

  it("passes the answer on", async () => {
    expect(await new Intention().send({}, async () => 7)).toBe(7);
    await expect(new Intention().send({}, async () => Promise.reject(refused))).rejects.toBe(refused);
  });

  it("never repeats a key", () => {
    expect(new Set(Array.from({ length: 100 }, newKey)).size).toBe(100);
  });
});
