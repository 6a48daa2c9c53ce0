import { hash } from 'node:crypto';
import * as v from 'valibot';
import type { AwsAnswer, AwsCall, AwsRequest } from './aws-call.ts';

export interface JsonContents {
  /** Texts of secrets by ARN. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Image manifests by digest. */
  readonly manifests: ReadonlyMap<string, string>;
}

type Answered = readonly [calls: readonly AwsCall[], body: object];

const Sent = v.object({ QueueUrl: v.string(), MessageBody: v.string() });
const SentBatch = v.object({
  QueueUrl: v.string(),
  Entries: v.array(v.object({ Id: v.string(), MessageBody: v.string() })),
});
const Delayed = v.object({ QueueUrl: v.string(), ReceiptHandle: v.string() });
const Put = v.object({ Entries: v.array(v.object({ EventBusName: v.string() })) });
const Secret = v.object({ SecretId: v.string() });
const Images = v.object({
  registryId: v.string(),
  repositoryName: v.string(),
  imageIds: v.strictTuple([v.object({ imageDigest: v.string() })]),
});
const Typed = v.object({ mediaType: v.optional(v.string()) });
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** The operations of the services that speak JSON, by `X-Amz-Target`. */
const OPERATIONS: Readonly<Record<string, (body: unknown, contents: JsonContents, region: string) => Answered>> = {
  'AmazonSQS.SendMessage': (body) => {
    const { QueueUrl: url, MessageBody: text } = v.parse(Sent, body);
    return [[toQueueCall('SendMessage', url)], { MessageId: '1', MD5OfMessageBody: hash('md5', text) }];
  },
  'AmazonSQS.SendMessageBatch': (body) => {
    const { QueueUrl: url, Entries: entries } = v.parse(SentBatch, body);
    const sent = entries.map(({ Id: id, MessageBody: text }) => ({
      Id: id,
      MessageId: id,
      MD5OfMessageBody: hash('md5', text),
    }));
    return [[toQueueCall('SendMessage', url)], { Successful: sent, Failed: [] }];
  },
  'AmazonSQS.ChangeMessageVisibility': (body) => [
    [toQueueCall('ChangeMessageVisibility', v.parse(Delayed, body).QueueUrl)],
    {},
  ],
  'AWSEvents.PutEvents': (body) => {
    const { Entries: entries } = v.parse(Put, body);
    const calls = entries.map(({ EventBusName: bus }) => ({ action: 'events:PutEvents', resource: bus }));
    return [calls, { FailedEntryCount: 0, Entries: entries.map((_, index) => ({ EventId: String(index) })) }];
  },
  'secretsmanager.GetSecretValue': (body, { secrets }) => {
    const { SecretId: arn } = v.parse(Secret, body);
    return [[{ action: 'secretsmanager:GetSecretValue', resource: arn }], { SecretString: secrets.get(arn) }];
  },
  'AmazonEC2ContainerRegistry_V20150921.BatchGetImage': (body, { manifests }, region) => {
    const { registryId, repositoryName: name, imageIds } = v.parse(Images, body);
    const [imageId] = imageIds;
    const resource = `arn:aws:ecr:${region}:${registryId}:repository/${name}`;
    const imageManifest = manifests.get(imageId.imageDigest);
    const { mediaType = OCI_MANIFEST } = v.parse(Typed, JSON.parse(imageManifest ?? '{}'));
    const image = { imageId, imageManifest, imageManifestMediaType: mediaType };
    return [[{ action: 'ecr:BatchGetImage', resource }], { images: [image], failures: [] }];
  },
};

/** Undefined for what is no operation that is known here. */
export function answerJson({ host, headers, body }: AwsRequest, contents: JsonContents): AwsAnswer | undefined {
  const operation = OPERATIONS[String(headers['x-amz-target'])];
  if (operation === undefined) return undefined;
  const [, region = ''] = /\.([a-z]+-[a-z-]+-\d)\.amazonaws\.com$/.exec(host) ?? [];
  const [calls, answer] = operation(JSON.parse(body.toString('utf8')), contents, region);
  return { calls, status: 200, headers: JSON_TYPE, body: JSON.stringify(answer) };
}

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.1' };

/** IAM knows no action for a batch: each of its messages is sent. */
function toQueueCall(action: string, url: string): AwsCall {
  const [, region = '', account = '', name = ''] =
    /^https:\/\/sqs\.([a-z0-9-]+)\.amazonaws\.com\/(\d+)\/([\w-]+)$/.exec(url) ?? [];
  return { action: `sqs:${action}`, resource: `arn:aws:sqs:${region}:${account}:${name}` };
}
