import { DEMO_IMAGES } from '../../demo/demo-images.ts';
import { DEMO_AUTHORIZATION, DEMO_TOKEN } from '../../demo/demo-webhooks.ts';

/** A push event as its registry sends it, to be posted to a demo service byte by byte. */
export interface DemoEvent {
  readonly name: string;
  /** In `demo/events`. */
  readonly file: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expected: ExpectedVerdict | { readonly malformed: true; readonly field: string };
}

interface ExpectedVerdict {
  readonly outcome: 'accepted' | 'rejected';
  /** Of the release that is judged. */
  readonly title: string;
}

const { first, patch, minor, wrongKey, tampered } = DEMO_IMAGES;
const EVENTBRIDGE = { path: '/local/events', headers: { 'content-type': 'application/json' } };

export const DEMO_EVENTS: readonly DemoEvent[] = [
  { name: 'ECR push', file: 'ecr-push.json', ...EVENTBRIDGE, expected: accepted(first) },
  { name: 'ECR pull-through cache', file: 'ecr-pull-through-cache.json', ...EVENTBRIDGE, expected: accepted(minor) },
  { name: 'ECR replication', file: 'ecr-replication.json', ...EVENTBRIDGE, expected: accepted(patch) },
  { name: 'ECR referrer', file: 'ecr-referrer.json', ...EVENTBRIDGE, expected: accepted(first) },
  {
    // Its digest has 60 digits.
    name: 'ECR push, the sample of AWS’s documentation',
    file: 'ecr-documentation.json',
    ...EVENTBRIDGE,
    expected: { malformed: true, field: 'detail.image-digest' },
  },
  {
    name: 'Quay',
    file: 'quay.json',
    path: `/webhooks/quay/${DEMO_TOKEN}`,
    headers: { 'content-type': 'application/json' },
    expected: accepted(first),
  },
  {
    name: 'Harbor',
    file: 'harbor.json',
    path: '/webhooks/harbor',
    headers: { 'content-type': 'application/json', authorization: DEMO_AUTHORIZATION },
    expected: accepted(patch),
  },
  {
    name: 'Harbor, as a CloudEvent',
    file: 'harbor-cloudevent.json',
    path: '/webhooks/harbor',
    headers: { 'content-type': 'application/cloudevents+json', authorization: DEMO_AUTHORIZATION },
    expected: rejected(tampered),
  },
  {
    name: 'CNCF distribution',
    file: 'distribution.json',
    path: `/webhooks/distribution/${DEMO_TOKEN}`,
    headers: { 'content-type': 'application/vnd.docker.distribution.events.v2+json' },
    expected: rejected(wrongKey),
  },
  {
    name: 'GitHub',
    file: 'github.json',
    path: '/webhooks/github',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'registry_package',
      // Over the file's exact bytes: who changes it has to compute this anew.
      'x-hub-signature-256': 'sha256=0253fc214cf2e917c6e840afc8b73ae5b3891af439e6369dadb17922d1e7ec02',
    },
    expected: accepted(minor),
  },
  {
    name: 'Docker Hub',
    file: 'dockerhub.json',
    path: `/webhooks/dockerhub/${DEMO_TOKEN}`,
    headers: { 'content-type': 'application/json' },
    expected: accepted(minor),
  },
  {
    name: 'Event Grid',
    file: 'eventgrid.json',
    path: `/webhooks/eventgrid/${DEMO_TOKEN}`,
    headers: { 'content-type': 'application/json' },
    expected: accepted(patch),
  },
  {
    name: 'Event Grid, as a CloudEvent',
    file: 'eventgrid-cloudevent.json',
    path: `/webhooks/eventgrid/${DEMO_TOKEN}`,
    headers: { 'content-type': 'application/cloudevents+json' },
    expected: rejected(wrongKey),
  },
  {
    name: 'Zot, as a CloudEvent whose attributes are headers',
    file: 'zot-cloudevent.json',
    path: '/webhooks/cloudevents',
    headers: {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-type': 'zotregistry.image.updated',
      'ce-source': 'zotregistry.dev',
      'ce-id': '6c0b7e3f-2f0c-4d53-9a3e-0b7b6f6d4b11',
      authorization: DEMO_AUTHORIZATION,
    },
    expected: accepted(minor),
  },
  {
    name: 'JFrog',
    file: 'jfrog.json',
    path: '/webhooks/jfrog',
    headers: {
      'content-type': 'application/json',
      // Over the file's exact bytes: who changes it has to compute this anew.
      'x-jfrog-event-auth': 'bba22f75c1f8e293463935ff12c7eda1759cf80817025c58707a444983e53f37',
    },
    expected: accepted(first),
  },
];

function accepted({ title }: { readonly title: string }): ExpectedVerdict {
  return { outcome: 'accepted', title };
}

function rejected({ title }: { readonly title: string }): ExpectedVerdict {
  return { outcome: 'rejected', title };
}
