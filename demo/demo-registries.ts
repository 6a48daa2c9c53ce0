import type { PUSH_SOURCES } from '../lib/push/receive/parse/push.ts';
import { DEMO_REPOSITORY } from './demo-releases.ts';

/** A `pushSources` entry as a Profile has it. */
export interface DemoPushSource {
  readonly source: (typeof PUSH_SOURCES)[number];
  readonly registry: string;
  readonly repository: string;
  readonly mirrorOf: string;
}

const ECR = '123456789012.dkr.ecr.us-west-2.amazonaws.com';

/** The repositories that the sample events tell of: each mirrors the publisher's own. */
export const DEMO_PUSH_SOURCES: readonly DemoPushSource[] = (
  [
    { source: 'ecr', registry: ECR, repository: 'demo/release' },
    // A pull-through cache puts its rule's prefix in front.
    { source: 'ecr', registry: ECR, repository: 'cache/demo/release' },
    { source: 'quay', registry: 'quay.example.com', repository: 'demo/release' },
    { source: 'harbor', registry: 'harbor.example.com', repository: 'demo/release' },
    { source: 'distribution', registry: 'distribution.example.com', repository: 'demo/release' },
    { source: 'github', registry: 'ghcr.io', repository: 'signet-demo/release' },
    { source: 'dockerhub', registry: 'docker.io', repository: 'signetdemo/release' },
    { source: 'eventgrid', registry: 'signetdemo.azurecr.io', repository: 'demo/release' },
    { source: 'cloudevents', registry: 'zot.example.com', repository: 'demo/release' },
    { source: 'jfrog', registry: 'signetdemo.jfrog.io', repository: 'docker-local/demo/release' },
  ] as const
).map((pushed) => ({ ...pushed, mirrorOf: DEMO_REPOSITORY }));

/** The hosts of those repositories, each once. */
export const DEMO_REGISTRIES: readonly string[] = [...new Set(DEMO_PUSH_SOURCES.map(({ registry }) => registry))];

/** Where the demo reaches those hosts instead of the internet: by host, the origin of the demo's registry. */
export function toDemoOrigins(registryUrl: string): ReadonlyMap<string, string> {
  const { origin } = new URL(registryUrl);
  return new Map(DEMO_REGISTRIES.map((host) => [host, origin]));
}
