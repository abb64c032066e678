/**
 * One checkout from the reservation to the receipt. A change of address, shipping or voucher opens another, which ends the one before; a
 * change of the asset to pay with only asks for another quote. A quote that ends is renewed while the reservation lasts. Nothing is paid
 * but by `pay`, which promises the amount that was shown.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "../api/rest";
import { confirmCheckout, openCheckout, quoteCheckout, readCheckout } from "../api/shop";
import type { Checkout, CheckoutForm } from "../api/shop-types";
import { Intention } from "../lib/intention";
import { loadCart } from "../state/cart";
import { forget } from "./kept";

export type Busy = "" | "opening" | "quoting" | "paying";

export interface CheckoutDesk {
  checkout: Checkout | null;
  busy: Busy;
  refusal: ApiError | null;
  /** What was refused. */
  refusedAt: Busy;
  /** A refused payment that came with another quote: the one before it. */
  requoted: boolean;
  open: (form: CheckoutForm) => Promise<void>;
  quote: (payAsset: string, useCredit: boolean) => Promise<void>;
  pay: () => Promise<void>;
}

const LOOK_AGAIN_MS = 1_000;
const LOOKS = 20;
const FRESH_QUOTE_MS = 2_000;

const isAnswered = (error: ApiError): boolean => error.status > 0 && error.status < 500;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}

/** `id`: a checkout to take up again, as the address names it. */
export function useCheckout(id: string, onOpened: (id: string) => void): CheckoutDesk {
  const [checkout, setCheckout] = useState<Checkout | null>(null);
  const [busy, setBusy] = useState<Busy>("");
  const [refusal, setRefusal] = useState<ApiError | null>(null);
  const [refusedAt, setRefusedAt] = useState<Busy>("");
  const [requoted, setRequoted] = useState(false);
  const [paying] = useState(() => new Intention());
  const turn = useRef(0);
  const opened = useRef(onOpened);
  opened.current = onOpened;

  /** Runs one step; the answer of a step that another has overtaken is not shown. */
  const step = useCallback(async (what: Busy, work: () => Promise<Checkout>): Promise<Checkout | null> => {
    const mine = ++turn.current;
    setBusy(what);
    setRefusal(null);
    setRequoted(false);
    try {
      const answer = await work();
      if (mine !== turn.current) return null;
      setCheckout(answer);
      return answer;
    } catch (error) {
      if (mine !== turn.current) return null;
      const refused = asApiError(error);
      const offered = refused.more.checkout as Checkout | undefined;
      if (offered) {
        setCheckout(offered);
        setRequoted(what === "paying" && offered.state === "open");
      } else if (what === "opening") setCheckout(null);
      setRefusal(refused);
      setRefusedAt(what);
      return null;
    } finally {
      if (mine === turn.current) setBusy("");
    }
  }, []);

  const open = useCallback(
    async (form: CheckoutForm) => {
      const made = await step("opening", () => openCheckout(form));
      if (made) opened.current(made.id);
    },
    [step],
  );

  const openedId = checkout?.id ?? "";
  const quote = useCallback(async (payAsset: string, useCredit: boolean) => void (await step("quoting", () => quoteCheckout(openedId, payAsset, useCredit))), [step, openedId]);

  const pay = async () => {
    if (!checkout || busy) return;
    const { most } = checkout;
    const paid = await step("paying", async () => {
      try {
        return await settled(await paying.send({ id: checkout.id, most }, (key) => confirmCheckout(checkout.id, most, key)));
      } catch (error) {
        if (isAnswered(asApiError(error))) throw error;
        // No answer says nothing about the payment: the checkout itself does.
        const found = await settled(await readCheckout(checkout.id));
        if (found.state === "open") throw error;
        return found;
      }
    });
    if (paid?.state !== "paid") return;
    forget("orders");
    await loadCart();
  };

  useEffect(() => {
    if (id && id !== openedId) step("opening", () => readCheckout(id).then(settled));
    // Only the address decides what is taken up; what is opened here changes the address itself.
  }, [id, step]);

  useRenewal(checkout, busy, quote);
  return { checkout, busy, refusal, refusedAt, requoted, open, quote, pay };
}

/** A payment that is under way is looked at until it has an end. */
async function settled(checkout: Checkout): Promise<Checkout> {
  let now = checkout;
  for (let look = 0; look < LOOKS && now.state === "confirming"; look++) {
    await pause(LOOK_AGAIN_MS);
    now = await readCheckout(now.id);
  }
  return now;
}

function useRenewal(checkout: Checkout | null, busy: Busy, quote: CheckoutDesk["quote"]): void {
  useEffect(() => {
    if (!checkout || checkout.state !== "open" || busy) return;
    const { expiresAt, reservedUntil, payAsset, credit } = checkout;
    if (expiresAt >= reservedUntil) return;
    const renew = () => {
      if (!document.hidden && Date.now() < reservedUntil) quote(payAsset, credit.length > 0);
    };
    const timer = setTimeout(renew, Math.max(FRESH_QUOTE_MS, expiresAt - Date.now()));
    const onVisible = () => !document.hidden && Date.now() >= expiresAt && renew();
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [checkout, busy, quote]);
}
