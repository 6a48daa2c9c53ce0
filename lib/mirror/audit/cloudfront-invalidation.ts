import { hash } from 'node:crypto';
import { StoreError } from '../../base/errors/store-error.ts';
import { type AwsFault, isThrottled, toAwsStoreError } from '../../platform/aws/aws-fault.ts';
import type { AwsSettings } from '../../platform/aws/aws-settings.ts';
import { toCloudFrontEndpoint } from '../../platform/aws/endpoints.ts';
import { AwsRequestError, createSignedSender } from '../../platform/aws/signed-request.ts';
import { untilAborted } from '../../platform/time/deadline.ts';
import type { Invalidation } from './invalidation.ts';

interface CloudFrontInvalidationOptions extends AwsSettings {
  readonly distributionId: string;
  readonly now: () => Date;
  /** Milliseconds for one request, its body included. */
  readonly requestTimeoutMs?: number | undefined;
}

const VERSION = '2020-05-31';
const REQUEST_TIMEOUT_MS = 10_000;
/** The answer repeats the paths, at most 1,000 of some 120 bytes. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * Drops copies from a CloudFront distribution, without the AWS SDK. It needs `cloudfront:CreateInvalidation` on it. Without
 * paths no request is sent. What CloudFront is too busy for is `Unavailable`.
 *
 * @throws ConfigurationError where the region has no CloudFront
 */
export function createCloudFrontInvalidation(options: CloudFrontInvalidationOptions): Invalidation {
  const { distributionId, credentials, now, requestTimeoutMs: timeoutMs = REQUEST_TIMEOUT_MS } = options;
  const { url: endpoint, region } = toCloudFrontEndpoint(options);
  const send = createSignedSender({ service: 'cloudfront', region, credentials, timeoutMs });
  const url = new URL(`${VERSION}/distribution/${encodeURIComponent(distributionId)}/invalidation`, endpoint);
  const doing = `invalidating paths of distribution ${distributionId}`;
  return {
    async invalidate(paths, signal) {
      if (paths.length === 0) return;
      signal.throwIfAborted();
      const body = Buffer.from(toBatch(paths, toCallerReference(paths, now())));
      const headers = { 'content-type': 'application/xml' };
      try {
        const sending = send({ method: 'POST', url, headers, body, limitBytes: MAX_ANSWER_BYTES });
        checkAnswer((await untilAborted(sending, signal)).bytes);
      } catch (error) {
        if (error instanceof AwsRequestError) throw toFailure(error.fault, doing);
        if (error instanceof StoreError)
          throw new StoreError(error.code, `${doing}: ${error.message}`, { cause: error });
        throw error;
      }
    },
  };
}

/**
 * The same for all tries of one request, so that CloudFront executes it once. It contains the time in milliseconds, because
 * CloudFront ignores a known reference, and the same index may change twice.
 */
function toCallerReference(paths: readonly string[], now: Date): string {
  return `signet-${hash('sha256', [now.toISOString(), ...paths].join('\n'), 'hex')}`;
}

/** The request's document, its elements in the order of the AWS SDK. */
function toBatch(paths: readonly string[], reference: string): string {
  const items = paths.map((path) => `<Path>${escapeText(path)}</Path>`).join('');
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/${VERSION}/">` +
    `<Paths><Quantity>${paths.length}</Quantity><Items>${items}</Items></Paths>` +
    `<CallerReference>${escapeText(reference)}</CallerReference></InvalidationBatch>`
  );
}

function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Whatever answers in place of CloudFront, such as a gateway's page, accepted nothing. @throws StoreError `BodyInvalid` */
function checkAnswer(bytes: Uint8Array): void {
  const text = new TextDecoder().decode(bytes);
  if (/<Invalidation[\s>]/.test(text) && /<Id>[A-Za-z0-9]{1,64}<\/Id>/.test(text)) return;
  throw new StoreError('BodyInvalid', 'CloudFront answered something else than an invalidation');
}

function toFailure(fault: AwsFault, doing: string): StoreError {
  const error = toAwsStoreError(fault, doing);
  const { status = 0, code } = fault;
  const isBusy = code === 'TooManyInvalidationsInProgress' || isThrottled(fault) || status >= 500;
  return isBusy ? new StoreError('Unavailable', error.message, { cause: fault.cause }) : error;
}
