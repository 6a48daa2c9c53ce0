/** A digest with 64 digits, and one of another image. */
export const DIGEST = `sha256:${'8a9e'.repeat(16)}`;
export const OTHER_DIGEST = `sha256:${'41bf'.repeat(16)}`;

/** A body as it arrives: JSON that was parsed. */
export type Body = Record<string, unknown>;

/** A copy with one member, named by its path, replaced; `undefined` takes it away. */
export function replaceMember(body: Body, path: string, value: unknown): Body {
  const copy = structuredClone(body);
  const names = path.split('.');
  const last = names.pop() ?? '';
  const parent = names.reduce<unknown>((at, name) => (at as Body)[name], copy) as Body;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

/** The sample of AWS's documentation: its digest has 60 digits. */
export const AWS_SAMPLE: Body = {
  version: '0',
  id: '13cde686-328b-6117-af20-0e5566167482',
  'detail-type': 'ECR Image Action',
  source: 'aws.ecr',
  account: '123456789012',
  time: '2019-11-16T01:54:34Z',
  region: 'us-west-2',
  resources: [],
  detail: {
    result: 'SUCCESS',
    'repository-name': 'my-repository-name',
    'image-digest': 'sha256:7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd1234',
    'action-type': 'PUSH',
    'image-tag': 'latest',
  },
};

export const ECR = replaceMember(AWS_SAMPLE, 'detail.image-digest', DIGEST);

export const ECR_CACHE: Body = {
  ...AWS_SAMPLE,
  'detail-type': 'ECR Pull Through Cache Action',
  resources: ['arn:aws:ecr:us-west-2:123456789012:repository/docker-hub/alpine'],
  detail: {
    'rule-version': '1',
    'sync-status': 'SUCCESS',
    'ecr-repository-prefix': 'docker-hub',
    'repository-name': 'docker-hub/alpine',
    'upstream-registry-url': 'public.ecr.aws',
    'image-tag': '3.17.2',
    'image-digest': DIGEST,
  },
};

export const ECR_REPLICATION: Body = {
  ...AWS_SAMPLE,
  'detail-type': 'ECR Replication Action',
  detail: {
    result: 'SUCCESS',
    'repository-name': 'docker-hub/alpine',
    'image-digest': DIGEST,
    'source-account': '210987654321',
    'action-type': 'REPLICATE',
    'source-region': 'us-east-1',
    'image-tag': '3.17.2',
  },
};

export const ECR_REFERRER: Body = {
  ...AWS_SAMPLE,
  'detail-type': 'ECR Referrer Action',
  detail: {
    'action-type': 'PUSH',
    'image-digest': DIGEST,
    'repository-name': 'ubuntu',
    result: 'SUCCESS',
    'manifest-media-type': 'application/vnd.oci.image.manifest.v1+json',
    'artifact-media-type': 'application/vnd.dev.sigstore.bundle.v0.3+json',
  },
};

export const QUAY: Body = {
  repository: 'ns/name',
  namespace: 'ns',
  name: 'name',
  docker_url: 'quay.io/ns/name',
  homepage: 'https://quay.io/repository/ns/name',
  updated_tags: ['latest'],
};

export const HARBOR: Body = {
  type: 'PUSH_ARTIFACT',
  occur_at: 1586922308,
  operator: 'admin',
  event_data: {
    resources: [
      { digest: DIGEST, tag: 'debian-latest', resource_url: 'hub.harbor.com/test-webhook/debian:debian-latest' },
    ],
    repository: {
      date_created: 1586922308,
      name: 'debian',
      namespace: 'test-webhook',
      repo_full_name: 'test-webhook/debian',
      repo_type: 'private',
    },
  },
};

export const HARBOR_CLOUD_EVENT: Body = {
  specversion: '1.0',
  id: '66e18103-09c1-41f6-982f-37df223f3eeb',
  requestid: '51c0b694-0168-4f3c-b0db-282565455d7b',
  source: '/projects/2/webhook/policies/15',
  type: 'harbor.artifact.pushed',
  datacontenttype: 'application/json',
  time: '2023-04-03T06:04:46Z',
  data: HARBOR['event_data'],
  operator: 'admin',
};

export const ACR: Body = {
  id: 'cb8c3971-9adc-488b-bdd8-43cbb4974ff5',
  timestamp: '2017-11-17T16:52:01.343145347Z',
  action: 'push',
  target: {
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    size: 524,
    digest: DIGEST,
    length: 524,
    repository: 'hello-world',
    tag: 'v1',
  },
  request: { id: '3cbb6949-7549-4fa1-86cd-a6d5451dffc7', host: 'myregistry.azurecr.io', method: 'PUT', useragent: 'd' },
};

export const DISTRIBUTION_EVENT: Body = {
  id: '320678d8-ca14-430f-8bb6-4ca139cd83f7',
  timestamp: '2016-03-09T14:44:26.402973972-08:00',
  action: 'push',
  target: {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    size: 708,
    digest: DIGEST,
    length: 708,
    repository: 'team/hello-world',
    url: 'http://192.168.100.227:5000/v2/team/hello-world/manifests/latest',
    tag: 'latest',
  },
  request: { id: '6df24a34', addr: '192.168.64.11:42961', host: '192.168.100.227:5000', method: 'PUT', useragent: 'c' },
  actor: {},
  source: { addr: 'registry.internal:5000', instanceID: 'a53db899' },
};

/** The layer of the same push. */
export const BLOB_EVENT: Body = {
  ...DISTRIBUTION_EVENT,
  target: { mediaType: 'application/octet-stream', digest: OTHER_DIGEST, repository: 'team/hello-world' },
};

export const DISTRIBUTION: Body = { events: [BLOB_EVENT, DISTRIBUTION_EVENT] };

const GITHUB_PACKAGE: Body = {
  id: 10696,
  name: 'hello-world',
  namespace: 'Octo-Team',
  package_type: 'CONTAINER',
  package_version: {
    version: DIGEST,
    package_url: 'ghcr.io/Octo-Team/hello-world:v1',
    container_metadata: { tag: { name: 'v1', digest: DIGEST } },
  },
};

export const GITHUB: Body = { action: 'published', package: GITHUB_PACKAGE, repository: { id: 1 } };
export const GITHUB_REGISTRY: Body = { action: 'updated', registry_package: GITHUB_PACKAGE, repository: { id: 1 } };

export const DOCKERHUB: Body = {
  callback_url: 'https://registry.hub.docker.com/u/me/testhook/hook/2141b5bi5i5b02bec211i4eeih0242eg11000a/',
  push_data: { pushed_at: 1417566161, pusher: 'me', tag: 'latest' },
  repository: { name: 'testhook', namespace: 'me', repo_name: 'me/testhook', repo_url: 'https://hub.docker.com/r/me' },
};

/** Azure's event of the same push, as the data of Event Grid's. */
export const AZURE_CLOUD_EVENT: Body = {
  id: '831e1650-001e-001b-66ab-eeb76e069631',
  source: '/subscriptions/0/resourceGroups/team/providers/Microsoft.ContainerRegistry/registries/myregistry',
  subject: 'hello-world:v1',
  type: 'Microsoft.ContainerRegistry.ImagePushed',
  time: '2018-04-25T21:39:47.6549614Z',
  data: ACR,
  specversion: '1.0',
};

export const EVENT_GRID_EVENT: Body = {
  id: '831e1650-001e-001b-66ab-eeb76e069631',
  topic: '/subscriptions/0/resourceGroups/team/providers/Microsoft.ContainerRegistry/registries/myregistry',
  subject: 'hello-world:v1',
  eventType: 'Microsoft.ContainerRegistry.ImagePushed',
  eventTime: '2018-04-25T21:39:47.6549614Z',
  data: ACR,
  dataVersion: '1.0',
  metadataVersion: '1',
};

export const EVENT_GRID_VALIDATION: Body = {
  id: '2d1781af-3a4c-4d7c-bd0c-e34b19da4e66',
  topic: '/subscriptions/0/resourceGroups/team/providers/Microsoft.ContainerRegistry/registries/myregistry',
  subject: '',
  data: {
    validationCode: '512d38b6-c7b8-40c8-89fe-f46f9e9622b6',
    validationUrl:
      'https://rp-eastus2.eventgrid.azure.net:553/eventsubscriptions/x/validate?id=512d38b6&t=2018&apiVersion=2018',
  },
  eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
  eventTime: '2018-01-25T22:12:19.4556811Z',
  metadataVersion: '1',
  dataVersion: '1',
};

/** What Zot sends as the body of a CloudEvent in binary mode. */
export const ZOT_DATA: Body = {
  name: 'team/hello-world',
  reference: '1.0',
  digest: DIGEST,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  manifest: '{"schemaVersion":2}',
};
export const ZOT_HEADERS = {
  'content-type': 'application/json',
  'ce-specversion': '1.0',
  'ce-type': 'zotregistry.image.updated',
  'ce-source': 'zotregistry.dev',
  'ce-id': 'f2a1b8e0-6a57-4f05-9c8e-0d3a1d6c7c11',
  'ce-time': '2026-02-03T04:05:06.789012345Z',
};
export const ZOT_CLOUD_EVENT: Body = {
  specversion: '1.0',
  type: 'zotregistry.image.updated',
  source: 'zotregistry.dev',
  id: 'f2a1b8e0-6a57-4f05-9c8e-0d3a1d6c7c11',
  time: '2026-02-03T04:05:06.789012345Z',
  datacontenttype: 'application/json',
  data: ZOT_DATA,
};

export const JFROG: Body = {
  domain: 'docker',
  event_type: 'pushed',
  data: {
    repo_key: 'docker-local',
    event_type: 'pushed',
    path: 'team/hello-world/latest/list.manifest.json',
    name: 'list.manifest.json',
    sha256: DIGEST.slice('sha256:'.length),
    size: 1206,
    image_name: 'team/hello-world',
    tag: 'latest',
    platforms: [{ architecture: 'amd64', os: 'linux' }],
  },
  subscription_key: 'signet',
  jpd_origin: 'https://example.jfrog.io',
  source: 'jfrog/user@example.com',
};

/** What a push subscription of Pub/Sub sends of a message. */
export function toPubSub(change: object | string): Body {
  const text = typeof change === 'string' ? change : JSON.stringify(change);
  return {
    message: {
      data: Buffer.from(text).toString('base64'),
      attributes: {},
      messageId: '136969346945',
      message_id: '136969346945',
      publishTime: '2026-02-03T04:05:06.789Z',
      publish_time: '2026-02-03T04:05:06.789Z',
    },
    subscription: 'projects/my-project/subscriptions/signet',
  };
}

const GOOGLE_IMAGE = 'us-east1-docker.pkg.dev/my-project/my-repo/hello-world';
/** Artifact Registry's message of a push by tag. */
export const GOOGLE_CHANGE: Body = {
  action: 'INSERT',
  digest: `${GOOGLE_IMAGE}@${DIGEST}`,
  tag: `${GOOGLE_IMAGE}:1.1`,
};
