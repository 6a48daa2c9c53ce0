import { setTimeout as delay } from 'node:timers/promises';
import type { AwsFault } from './aws-fault.ts';
import {
  AwsRequestError,
  type SignedRequest,
  type SignedResponse,
  type Signing,
  sendSignedRequest,
} from './signed-request.ts';

/** Sends a request to AWS. @throws AwsRequestError, or StoreError when a limit is hit */
export type SendSigned = (request: SignedRequest) => Promise<SignedResponse>;

const MAX_TRIES = 3;
const PAUSE_MS = 40;

/** Sends again what got no answer, or one of the server's own faults. The error tells how often. */
export function createSignedSender(signing: Signing): SendSigned {
  return async (request) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await sendSignedRequest(request, signing);
      } catch (error) {
        if (!(error instanceof AwsRequestError)) throw error;
        if (tries === MAX_TRIES || !isPassing(error.fault)) throw new AwsRequestError(error.fault, tries);
        await delay(Math.random() * PAUSE_MS * 2 ** tries);
      }
    }
  };
}

function isPassing({ status }: AwsFault): boolean {
  return status === undefined || status === 429 || status >= 500;
}
