import { expect, test } from 'vitest';
import { wrapHttp } from '../../../lib/platform/lambda/http-stack.ts';
import { toHttpEvent } from '../../support/http-event.ts';
import { createKeptTelemetry } from '../../support/quiet-telemetry.ts';

const TOKEN = 'hunter2-very-secret';

test.each<[name: string, path: string, expected: string]>([
  ['a webhook token', `/webhooks/quay/${TOKEN}`, '/webhooks/quay/<redacted>'],
  ['a token of another provider', `/webhooks/github/${TOKEN}`, '/webhooks/github/<redacted>'],
  ['a token with segments behind it', `/webhooks/quay/${TOKEN}/more/${TOKEN}`, '/webhooks/quay/<redacted>'],
  ['a token with a slash before it', `/webhooks/quay//${TOKEN}`, '/webhooks/quay/<redacted>'],
  ['a token that is percent-encoded', '/webhooks/quay/hunter2%2Fvery', '/webhooks/quay/<redacted>'],
  ['an admission token', `/admission/${TOKEN}`, '/admission/<redacted>'],
  ['an admission token and what follows it', `/admission/${TOKEN}/validate`, '/admission/<redacted>/validate'],
  ['a webhook without a token', '/webhooks/quay/', '/webhooks/quay/'],
  ['an admission without a token', '/admission/', '/admission/'],
  ['verify', '/v1/verify', '/v1/verify'],
  ['a record', '/v1/records/sha256:ab/cd', '/v1/records/sha256:ab/cd'],
  ['a signature', '/signatures/sha256=ab/signature-1', '/signatures/sha256=ab/signature-1'],
  ['a webhook below a stage', `/prod/webhooks/quay/${TOKEN}`, '/prod/webhooks/quay/<redacted>'],
  ['an admission below a stage', `/prod/admission/${TOKEN}/x`, '/prod/admission/<redacted>/x'],
  ['a token with line feeds in it', `/webhooks/quay/\n${TOKEN}\n`, '/webhooks/quay/<redacted>'],
  ['webhooks further down', '/a/b/webhooks/quay/x', '/a/b/webhooks/quay/x'],
  ['a longer first segment', '/admissions/x', '/admissions/x'],
  ['the root', '/', '/'],
  ['nothing', '', ''],
])('the log of a request has no token: %s', async (_, path, expected) => {
  const telemetry = createKeptTelemetry();
  const handler = wrapHttp(() => Promise.resolve({ statusCode: 204 }), telemetry);
  await handler(toHttpEvent({ method: 'GET', path }), { getRemainingTimeInMillis: () => 10_000 });
  expect(telemetry.lines.map(({ fields }) => fields['path'])).toEqual([expected]);
});
