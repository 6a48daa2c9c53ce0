import { describe, expect, test } from 'vitest';
import { InputError } from '../../../../lib/base/errors/input-error.ts';
import { MAX_EVENT_ID_LENGTH } from '../../../../lib/push/receive/parse/fields.ts';
import { parseDistributionWebhook } from '../../../../lib/push/receive/parse/parse-distribution-webhook.ts';
import { parseDockerhubWebhook } from '../../../../lib/push/receive/parse/parse-dockerhub-webhook.ts';
import { parseEcrEvent } from '../../../../lib/push/receive/parse/parse-ecr-event.ts';
import { parseGithubWebhook } from '../../../../lib/push/receive/parse/parse-github-webhook.ts';
import { parseHarborWebhook } from '../../../../lib/push/receive/parse/parse-harbor-webhook.ts';
import { parseQuayWebhook } from '../../../../lib/push/receive/parse/parse-quay-webhook.ts';
import { MAX_PUSHES, type ParsedEvent } from '../../../../lib/push/receive/parse/push.ts';
import {
  ACR,
  AWS_SAMPLE,
  type Body,
  DISTRIBUTION,
  DISTRIBUTION_EVENT,
  DOCKERHUB,
  ECR,
  ECR_CACHE,
  ECR_REFERRER,
  GITHUB,
  HARBOR,
  HARBOR_CLOUD_EVENT,
  QUAY,
  replaceMember,
} from './samples.ts';

type Parse = (body: unknown) => ParsedEvent;

function faultOf(parse: Parse, body: unknown): string {
  try {
    return `no fault: ${parse(body).kind}`;
  } catch (error) {
    if (error instanceof InputError) return `${error.code} ${error.message}`;
    throw error;
  }
}

const PARSERS: readonly [string, Parse][] = [
  ['ecr', parseEcrEvent],
  ['quay', parseQuayWebhook],
  ['harbor', parseHarborWebhook],
  ['distribution', parseDistributionWebhook],
  ['github', parseGithubWebhook],
  ['dockerhub', parseDockerhubWebhook],
];

describe.each(PARSERS)('%s refuses what is no object', (_, parse) => {
  test.each([null, undefined, 'text', 1, true, [], [{}]])('%j', (body) => {
    expect(faultOf(parse, body)).toMatch(/^BodyInvalid [a-z_ -]+: (?:expected object(?:, found [a-z]+)?|missing)$/);
  });
});

test('the sample of AWS’s documentation is malformed: its digest has 60 digits', () => {
  expect(faultOf(parseEcrEvent, AWS_SAMPLE)).toMatch(
    /^BodyInvalid detail\.image-digest: .* sha256 takes 64 lower-case hex digits, found 60$/,
  );
});

describe('a broken member is named', () => {
  const packagePath = 'package.package_version';
  test.each<[string, Parse, Body, string, unknown]>([
    ['ECR', parseEcrEvent, ECR, 'source', undefined],
    ['ECR', parseEcrEvent, ECR, 'detail-type', 7],
    ['ECR', parseEcrEvent, ECR, 'id', undefined],
    ['ECR', parseEcrEvent, ECR, 'id', ''],
    ['ECR', parseEcrEvent, ECR, 'id', 'x'.repeat(MAX_EVENT_ID_LENGTH + 1)],
    ['ECR', parseEcrEvent, ECR, 'account', '12345678901'],
    ['ECR', parseEcrEvent, ECR, 'account', 123456789012],
    ['ECR', parseEcrEvent, ECR, 'region', 'evil.example/a'],
    ['ECR', parseEcrEvent, ECR, 'region', 'us-west-2.evil'],
    ['ECR', parseEcrEvent, ECR, 'time', 'yesterday'],
    ['ECR', parseEcrEvent, ECR, 'time', '2023-02-29T02:36:48Z'],
    ['ECR', parseEcrEvent, ECR, 'time', '2023-02-28T25:36:48Z'],
    ['ECR', parseEcrEvent, ECR, 'time', '2023-13-01T02:36:48Z'],
    ['ECR', parseEcrEvent, ECR, 'time', '0001-01-01T00:00:00Z'],
    ['ECR', parseEcrEvent, ECR, 'time', '2023-02-28 02:36:48Z'],
    ['ECR', parseEcrEvent, ECR, 'detail', undefined],
    ['ECR', parseEcrEvent, ECR, 'detail', null],
    ['ECR', parseEcrEvent, ECR, 'detail.result', undefined],
    ['ECR', parseEcrEvent, ECR, 'detail.action-type', null],
    ['ECR', parseEcrEvent, ECR, 'detail.repository-name', undefined],
    ['ECR', parseEcrEvent, ECR, 'detail.repository-name', ''],
    ['ECR', parseEcrEvent, ECR, 'detail.repository-name', 'Upper'],
    ['ECR', parseEcrEvent, ECR, 'detail.repository-name', 'a/../b'],
    ['ECR', parseEcrEvent, ECR, 'detail.repository-name', '/a'],
    ['ECR', parseEcrEvent, ECR, 'detail.repository-name', 'a:tag'],
    ['ECR', parseEcrEvent, ECR, 'detail.repository-name', `a@sha256:${'a'.repeat(64)}`],
    ['ECR', parseEcrEvent, ECR, 'detail.repository-name', 'a'.repeat(256)],
    ['ECR', parseEcrEvent, ECR, 'detail.image-digest', `sha256:${'A'.repeat(64)}`],
    ['ECR', parseEcrEvent, ECR, 'detail.image-digest', null],
    ['ECR', parseEcrEvent, ECR, 'detail.image-tag', '-bad'],
    ['ECR', parseEcrEvent, ECR, 'detail.image-tag', `x@sha256:${'a'.repeat(64)}`],
    ['ECR cache', parseEcrEvent, ECR_CACHE, 'detail.sync-status', undefined],
    ['ECR cache', parseEcrEvent, ECR_CACHE, 'detail.image-digest', `sha256:${'4aa08ef415'.repeat(5)}EXAMPLE`],
    ['ECR referrer', parseEcrEvent, ECR_REFERRER, 'detail.result', 1],
    ['Quay', parseQuayWebhook, QUAY, 'docker_url', undefined],
    ['Quay: a host is never assumed', parseQuayWebhook, QUAY, 'docker_url', 'ns/name'],
    ['Quay', parseQuayWebhook, QUAY, 'docker_url', 'quay.io'],
    ['Quay', parseQuayWebhook, QUAY, 'docker_url', 'https://quay.io/ns/name'],
    ['Quay', parseQuayWebhook, QUAY, 'docker_url', 'user@quay.io/ns/name'],
    ['Quay', parseQuayWebhook, QUAY, 'docker_url', 'quay.io/ns/name:tag'],
    ['Quay', parseQuayWebhook, QUAY, 'docker_url', 'quay.io/'],
    ['Quay', parseQuayWebhook, QUAY, 'updated_tags', 'latest'],
    ['Quay', parseQuayWebhook, QUAY, 'updated_tags', null],
    ['Quay', parseQuayWebhook, QUAY, 'updated_tags.0', ''],
    ['Quay', parseQuayWebhook, QUAY, 'updated_tags.0', 'a/b'],
    ['Quay', parseQuayWebhook, QUAY, 'updated_tags.0', 5],
    ['Harbor', parseHarborWebhook, HARBOR, 'type', undefined],
    ['Harbor', parseHarborWebhook, HARBOR, 'occur_at', '2020'],
    ['Harbor', parseHarborWebhook, HARBOR, 'occur_at', -1],
    ['Harbor', parseHarborWebhook, HARBOR, 'occur_at', 1e300],
    ['Harbor', parseHarborWebhook, HARBOR, 'occur_at', Number.POSITIVE_INFINITY],
    ['Harbor', parseHarborWebhook, HARBOR, 'event_data', undefined],
    ['Harbor', parseHarborWebhook, HARBOR, 'event_data.resources', {}],
    ['Harbor', parseHarborWebhook, HARBOR, 'event_data.resources.0', null],
    ['Harbor', parseHarborWebhook, HARBOR, 'event_data.resources.0.digest', 'sha256:8a9e'],
    ['Harbor', parseHarborWebhook, HARBOR, 'event_data.resources.0.digest', undefined],
    ['Harbor', parseHarborWebhook, HARBOR, 'event_data.resources.0.tag', 'a b'],
    ['Harbor', parseHarborWebhook, HARBOR, 'event_data.resources.0.resource_url', 'test-webhook/debian'],
    ['Harbor', parseHarborWebhook, HARBOR, 'event_data.repository.repo_full_name', 'a//b'],
    ['Harbor CloudEvent', parseHarborWebhook, HARBOR_CLOUD_EVENT, 'id', 5],
    ['Harbor CloudEvent', parseHarborWebhook, HARBOR_CLOUD_EVENT, 'time', 'x'],
    ['Harbor CloudEvent', parseHarborWebhook, HARBOR_CLOUD_EVENT, 'data', undefined],
    ['Harbor CloudEvent', parseHarborWebhook, HARBOR_CLOUD_EVENT, 'data.repository.repo_full_name', undefined],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events', {}],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events', undefined],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events.1', 'push'],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events.1.action', undefined],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events.1.id', undefined],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events.1.timestamp', 0],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events.1.target', undefined],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events.1.target', []],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events.1.target.mediaType', 5],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events.1.target.tag', '.x'],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events.1.target.digest', undefined],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events.1.target.repository', 5],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events.1.request', undefined],
    ['distribution', parseDistributionWebhook, DISTRIBUTION, 'events.1.request.host', 5],
    ['Azure', parseDistributionWebhook, ACR, 'action', 5],
    ['Azure', parseDistributionWebhook, ACR, 'target.repository', undefined],
    ['GitHub', parseGithubWebhook, GITHUB, 'action', undefined],
    ['GitHub', parseGithubWebhook, GITHUB, 'package', null],
    ['GitHub', parseGithubWebhook, GITHUB, 'package.package_type', undefined],
    ['GitHub', parseGithubWebhook, GITHUB, 'package.namespace', undefined],
    ['GitHub', parseGithubWebhook, GITHUB, 'package.name', 5],
    ['GitHub', parseGithubWebhook, GITHUB, packagePath, null],
    ['GitHub', parseGithubWebhook, GITHUB, `${packagePath}.package_url`, 'Octo/hello'],
    ['GitHub', parseGithubWebhook, GITHUB, `${packagePath}.package_url`, 'ghcr.io/'],
    ['GitHub', parseGithubWebhook, GITHUB, `${packagePath}.container_metadata`, undefined],
    ['GitHub', parseGithubWebhook, GITHUB, `${packagePath}.container_metadata.tag.name`, 'a:b'],
    ['GitHub', parseGithubWebhook, GITHUB, `${packagePath}.container_metadata.tag`, []],
    // As in GitHub's own example: a Git commit's hash where the manifest's digest belongs.
    ['GitHub', parseGithubWebhook, GITHUB, `${packagePath}.container_metadata.tag.digest`, `sha256:${'6'.repeat(40)}`],
    ['Docker Hub', parseDockerhubWebhook, DOCKERHUB, 'push_data', undefined],
    ['Docker Hub', parseDockerhubWebhook, DOCKERHUB, 'push_data.tag', undefined],
    ['Docker Hub', parseDockerhubWebhook, DOCKERHUB, 'push_data.tag', ''],
    ['Docker Hub', parseDockerhubWebhook, DOCKERHUB, 'push_data.pushed_at', '1417566161'],
    ['Docker Hub', parseDockerhubWebhook, DOCKERHUB, 'repository', undefined],
    ['Docker Hub', parseDockerhubWebhook, DOCKERHUB, 'repository.repo_name', 'me/'],
    ['Docker Hub', parseDockerhubWebhook, DOCKERHUB, 'repository.repo_name', 'me/x@y'],
  ])('%s', (_, parse, body, path, value) => {
    expect(faultOf(parse, body)).toBe('no fault: pushes');
    expect(faultOf(parse, replaceMember(body, path, value))).toMatch(new RegExp(`^BodyInvalid ${path}: `));
  });

  test.each<[string, Parse, Body, string]>([
    [
      'ECR',
      parseEcrEvent,
      replaceMember(replaceMember(ECR_CACHE, 'detail.image-digest', undefined), 'detail.image-tag', ''),
      'detail.repository-name',
    ],
    [
      'GitHub',
      parseGithubWebhook,
      replaceMember(
        replaceMember(GITHUB, `${packagePath}.container_metadata.tag`, {}),
        `${packagePath}.version`,
        'v1.0.0',
      ),
      `${packagePath}.package_url`,
    ],
  ])('neither digest nor tag: %s', (_, parse, body, field) => {
    expect(faultOf(parse, body)).toBe(`BodyInvalid ${field}: neither a digest nor a tag was pushed to it`);
  });
});

test.each<[name: string, value: unknown, fault: string]>([
  ['missing', undefined, 'missing'],
  ['of another type', 5, 'expected string, found number'],
  ['a host alone', 'quay.io', 'expected registry/repository'],
])('what is wrong with a member is said: %s', (_, value, fault) => {
  expect(faultOf(parseQuayWebhook, replaceMember(QUAY, 'docker_url', value))).toBe(`BodyInvalid docker_url: ${fault}`);
});

test('one malformed event of a body refuses the whole body', () => {
  const broken = replaceMember(DISTRIBUTION_EVENT, 'target.digest', 'sha256:1');
  expect(faultOf(parseDistributionWebhook, { events: [DISTRIBUTION_EVENT, broken] })).toMatch(
    /^BodyInvalid events\.1\.target\.digest: /,
  );
});

describe('a push more than the limit, and not one less', () => {
  const tags = (count: number): string[] => Array.from({ length: count }, (_, index) => `t${index}`);
  const [resource] = (HARBOR['event_data'] as { resources: unknown[] }).resources;
  test.each<[string, Parse, (count: number) => Body]>([
    ['quay', parseQuayWebhook, (count) => replaceMember(QUAY, 'updated_tags', tags(count))],
    [
      'harbor',
      parseHarborWebhook,
      (count) =>
        replaceMember(
          HARBOR,
          'event_data.resources',
          tags(count).map(() => resource),
        ),
    ],
    ['distribution', parseDistributionWebhook, (count) => ({ events: tags(count).map(() => DISTRIBUTION_EVENT) })],
  ])('%s', (_, parse, make) => {
    expect(faultOf(parse, make(MAX_PUSHES))).toBe('no fault: pushes');
    expect(faultOf(parse, make(MAX_PUSHES + 1))).toBe('BodyTooLarge the event holds 101 pushes; at most 100 are taken');
  });
});
