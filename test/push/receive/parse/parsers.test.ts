import { describe, expect, test } from 'vitest';
import { parseDistributionWebhook } from '../../../../lib/push/receive/parse/parse-distribution-webhook.ts';
import { parseDockerhubWebhook } from '../../../../lib/push/receive/parse/parse-dockerhub-webhook.ts';
import { parseEcrEvent } from '../../../../lib/push/receive/parse/parse-ecr-event.ts';
import { parseGithubWebhook } from '../../../../lib/push/receive/parse/parse-github-webhook.ts';
import { parseHarborWebhook } from '../../../../lib/push/receive/parse/parse-harbor-webhook.ts';
import { parseQuayWebhook } from '../../../../lib/push/receive/parse/parse-quay-webhook.ts';
import type { ParsedEvent } from '../../../../lib/push/receive/parse/push.ts';
import {
  ACR,
  AWS_SAMPLE,
  BLOB_EVENT,
  type Body,
  DIGEST,
  DISTRIBUTION,
  DISTRIBUTION_EVENT,
  DOCKERHUB,
  ECR,
  ECR_CACHE,
  ECR_REFERRER,
  ECR_REPLICATION,
  GITHUB,
  GITHUB_REGISTRY,
  HARBOR,
  HARBOR_CLOUD_EVENT,
  OTHER_DIGEST,
  QUAY,
  replaceMember,
} from './samples.ts';

type Parse = (body: unknown) => ParsedEvent;

/** What is pushed, as one line each, and everything else that the event says of it. */
function pushesOf(parse: Parse, body: unknown): readonly string[] {
  const parsed = parse(body);
  if (parsed.kind === 'ignored') return [`ignored: ${parsed.reason}`];
  return parsed.pushes.map(
    ({ source, registry, repository, tag = '', digest = '' }) => `${source} ${registry} ${repository} ${tag} ${digest}`,
  );
}

const ECR_HOST = '123456789012.dkr.ecr.us-west-2.amazonaws.com';

describe('pushes', () => {
  test.each<[string, Parse, Body, readonly string[]]>([
    ['ECR', parseEcrEvent, ECR, [`ecr ${ECR_HOST} my-repository-name latest ${DIGEST}`]],
    [
      'ECR without a tag',
      parseEcrEvent,
      replaceMember(ECR, 'detail.image-tag', undefined),
      [`ecr ${ECR_HOST} my-repository-name  ${DIGEST}`],
    ],
    [
      'ECR with later fields',
      parseEcrEvent,
      replaceMember(ECR, 'detail.manifest-media-type', 'application/vnd.oci.image.manifest.v1+json'),
      [`ecr ${ECR_HOST} my-repository-name latest ${DIGEST}`],
    ],
    [
      'ECR in China',
      parseEcrEvent,
      replaceMember(ECR, 'region', 'cn-north-1'),
      [`ecr 123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn my-repository-name latest ${DIGEST}`],
    ],
    [
      'ECR in a government region',
      parseEcrEvent,
      replaceMember(ECR, 'region', 'us-gov-west-1'),
      [`ecr 123456789012.dkr.ecr.us-gov-west-1.amazonaws.com my-repository-name latest ${DIGEST}`],
    ],
    ['ECR pull through cache', parseEcrEvent, ECR_CACHE, [`ecr ${ECR_HOST} docker-hub/alpine 3.17.2 ${DIGEST}`]],
    [
      'ECR pull through cache without a digest',
      parseEcrEvent,
      replaceMember(ECR_CACHE, 'detail.image-digest', undefined),
      [`ecr ${ECR_HOST} docker-hub/alpine 3.17.2 `],
    ],
    [
      'ECR replication: the registry that received it',
      parseEcrEvent,
      ECR_REPLICATION,
      [`ecr ${ECR_HOST} docker-hub/alpine 3.17.2 ${DIGEST}`],
    ],
    ['ECR referrer', parseEcrEvent, ECR_REFERRER, [`ecr ${ECR_HOST} ubuntu  ${DIGEST}`]],
    ['Quay', parseQuayWebhook, QUAY, ['quay quay.io ns/name latest ']],
    [
      'Quay with several tags, one twice',
      parseQuayWebhook,
      replaceMember(QUAY, 'updated_tags', ['a', 'b', 'a']),
      ['quay quay.io ns/name a ', 'quay quay.io ns/name b '],
    ],
    [
      'Quay as it was: a map of tags to image IDs, which are no digests',
      parseQuayWebhook,
      replaceMember(QUAY, 'updated_tags', { latest: 'a'.repeat(64) }),
      ['quay quay.io ns/name latest '],
    ],
    [
      'Quay of one’s own',
      parseQuayWebhook,
      replaceMember(QUAY, 'docker_url', 'Quay.Example.com:8443/ns/name'),
      ['quay quay.example.com:8443 ns/name latest '],
    ],
    ['Harbor', parseHarborWebhook, HARBOR, [`harbor hub.harbor.com test-webhook/debian debian-latest ${DIGEST}`]],
    [
      'Harbor as a CloudEvent',
      parseHarborWebhook,
      HARBOR_CLOUD_EVENT,
      [`harbor hub.harbor.com test-webhook/debian debian-latest ${DIGEST}`],
    ],
    [
      'Harbor by digest, which it repeats as the tag',
      parseHarborWebhook,
      replaceMember(HARBOR, 'event_data.resources.0', {
        digest: DIGEST,
        tag: DIGEST,
        resource_url: `hub.harbor.com:443/test-webhook/debian@${DIGEST}`,
      }),
      [`harbor hub.harbor.com test-webhook/debian  ${DIGEST}`],
    ],
    [
      'Harbor with two resources',
      parseHarborWebhook,
      replaceMember(HARBOR, 'event_data.resources', [
        { digest: DIGEST, tag: 'a', resource_url: 'h.example/p/debian:a' },
        { digest: OTHER_DIGEST, resource_url: 'h.example/p/debian' },
      ]),
      [`harbor h.example test-webhook/debian a ${DIGEST}`, `harbor h.example test-webhook/debian  ${OTHER_DIGEST}`],
    ],
    [
      'distribution, the blob left out',
      parseDistributionWebhook,
      DISTRIBUTION,
      [`distribution 192.168.100.227:5000 team/hello-world latest ${DIGEST}`],
    ],
    [
      'distribution by digest',
      parseDistributionWebhook,
      { events: [replaceMember(DISTRIBUTION_EVENT, 'target.tag', undefined)] },
      [`distribution 192.168.100.227:5000 team/hello-world  ${DIGEST}`],
    ],
    [
      'distribution with a tag and an unknown media type',
      parseDistributionWebhook,
      { events: [replaceMember(DISTRIBUTION_EVENT, 'target.mediaType', 'application/vnd.new+json')] },
      [`distribution 192.168.100.227:5000 team/hello-world latest ${DIGEST}`],
    ],
    ['Azure', parseDistributionWebhook, ACR, [`distribution myregistry.azurecr.io hello-world v1 ${DIGEST}`]],
    ['GitHub package', parseGithubWebhook, GITHUB, [`github ghcr.io octo-team/hello-world v1 ${DIGEST}`]],
    [
      'GitHub registry_package',
      parseGithubWebhook,
      GITHUB_REGISTRY,
      [`github ghcr.io octo-team/hello-world v1 ${DIGEST}`],
    ],
    [
      'GitHub without the package’s URL',
      parseGithubWebhook,
      replaceMember(GITHUB, 'package.package_version.package_url', undefined),
      [`github ghcr.io octo-team/hello-world v1 ${DIGEST}`],
    ],
    [
      'GitHub Enterprise Server, untagged',
      parseGithubWebhook,
      replaceMember(
        replaceMember(GITHUB, 'package.package_version.package_url', 'containers.ghe.example.com/team/app:'),
        'package.package_version.container_metadata.tag',
        { name: '', digest: '' },
      ),
      [`github containers.ghe.example.com team/app  ${DIGEST}`],
    ],
    ['Docker Hub', parseDockerhubWebhook, DOCKERHUB, ['dockerhub docker.io me/testhook latest ']],
    [
      'Docker Hub’s own images',
      parseDockerhubWebhook,
      replaceMember(DOCKERHUB, 'repository.repo_name', 'busybox'),
      ['dockerhub docker.io library/busybox latest '],
    ],
    [
      'Docker Hub, a repository that looks like another registry',
      parseDockerhubWebhook,
      replaceMember(DOCKERHUB, 'repository.repo_name', 'quay.io/ns/name'),
      ['dockerhub docker.io quay.io/ns/name latest '],
    ],
  ])('%s', (_, parse, body, expected) => {
    expect(pushesOf(parse, body)).toEqual(expected);
  });

  test.each<[string, Parse, Body, unknown]>([
    ['ECR', parseEcrEvent, ECR, { occurredAt: '2019-11-16T01:54:34.000Z', eventId: AWS_SAMPLE['id'] }],
    ['an ECR referrer', parseEcrEvent, ECR_REFERRER, { referrer: true }],
    ['Harbor', parseHarborWebhook, HARBOR, { occurredAt: '2020-04-15T03:45:08.000Z' }],
    [
      'Harbor’s CloudEvent',
      parseHarborWebhook,
      HARBOR_CLOUD_EVENT,
      { occurredAt: '2023-04-03T06:04:46.000Z', eventId: HARBOR_CLOUD_EVENT['id'] },
    ],
    [
      'distribution, in UTC',
      parseDistributionWebhook,
      DISTRIBUTION,
      { occurredAt: '2016-03-09T22:44:26.402Z', eventId: DISTRIBUTION_EVENT['id'] },
    ],
    [
      'Docker Hub with a fraction',
      parseDockerhubWebhook,
      replaceMember(DOCKERHUB, 'push_data.pushed_at', 1.417566161e9),
      { occurredAt: '2014-12-03T00:22:41.000Z' },
    ],
  ])('when, and by which event: %s', (_, parse, body, expected) => {
    expect(parse(body)).toMatchObject({ kind: 'pushes', pushes: [expected] });
  });
});

describe('ignored, with a reason', () => {
  test.each<[string, Parse, Body, string]>([
    [
      'ECR deletion',
      parseEcrEvent,
      replaceMember(ECR, 'detail.action-type', 'DELETE'),
      'detail.action-type is "DELETE"',
    ],
    ['ECR failure', parseEcrEvent, replaceMember(ECR, 'detail.result', 'FAILURE'), 'detail.result is "FAILURE"'],
    [
      'ECR storage class',
      parseEcrEvent,
      replaceMember(ECR_REFERRER, 'detail.action-type', 'UPDATE_STORAGE_CLASS'),
      'detail.action-type is "UPDATE_STORAGE_CLASS"',
    ],
    [
      'ECR scan',
      parseEcrEvent,
      { source: 'aws.ecr', 'detail-type': 'ECR Image Scan' },
      'detail-type is "ECR Image Scan"',
    ],
    [
      'ECR failed cache, with a digest that is none',
      parseEcrEvent,
      replaceMember(replaceMember(ECR_CACHE, 'detail.sync-status', 'FAILED'), 'detail.image-digest', 'x'),
      'detail.sync-status is "FAILED"',
    ],
    [
      'ECR failed replication',
      parseEcrEvent,
      replaceMember(ECR_REPLICATION, 'detail.result', 'FAILED'),
      'detail.result is "FAILED"',
    ],
    ['another AWS service', parseEcrEvent, replaceMember(ECR, 'source', 'aws.s3'), 'source is "aws.s3"'],
    [
      'Quay’s other notifications',
      parseQuayWebhook,
      replaceMember(QUAY, 'updated_tags', undefined),
      'not a repo_push: it has no updated_tags',
    ],
    ['Quay without tags', parseQuayWebhook, replaceMember(QUAY, 'updated_tags', []), 'updated_tags is empty'],
    ['Harbor pull', parseHarborWebhook, replaceMember(HARBOR, 'type', 'PULL_ARTIFACT'), 'type is "PULL_ARTIFACT"'],
    ['Harbor scan', parseHarborWebhook, { type: 'harbor.scan.completed' }, 'type is "harbor.scan.completed"'],
    [
      'Harbor without resources',
      parseHarborWebhook,
      replaceMember(HARBOR, 'event_data.resources', []),
      'event_data.resources is empty',
    ],
    [
      'distribution blob',
      parseDistributionWebhook,
      { events: [BLOB_EVENT] },
      'target.mediaType is "application/octet-stream"',
    ],
    [
      'distribution pull',
      parseDistributionWebhook,
      { events: [replaceMember(DISTRIBUTION_EVENT, 'action', 'pull')] },
      'action is "pull"',
    ],
    ['distribution, no events', parseDistributionWebhook, { events: [] }, 'events is empty'],
    ['Azure ping', parseDistributionWebhook, { id: 'x', action: 'ping' }, 'action is "ping"'],
    ['Azure chart', parseDistributionWebhook, replaceMember(ACR, 'action', 'chart_push'), 'action is "chart_push"'],
    ['GitHub ping', parseGithubWebhook, { zen: 'Keep it logically awesome.' }, 'neither package nor registry_package'],
    ['GitHub deletion', parseGithubWebhook, replaceMember(GITHUB, 'action', 'deleted'), 'action is "deleted"'],
    [
      'GitHub npm package',
      parseGithubWebhook,
      replaceMember(GITHUB, 'package.package_type', 'npm'),
      'package.package_type is "npm"',
    ],
    [
      'text of the sender, quoted and cut',
      parseHarborWebhook,
      { type: `\n${'x'.repeat(100)}` },
      `type is ${JSON.stringify(`\n${'x'.repeat(63)}…`)}`,
    ],
  ])('%s', (_, parse, body, reason) => {
    expect(parse(body)).toEqual({ kind: 'ignored', reason });
  });
});
