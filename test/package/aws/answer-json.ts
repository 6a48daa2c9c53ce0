import { hash } from 'node:crypto';
import { z } from 'zod';
import type { AwsAnswer, AwsCall, AwsRequest } from './aws-call.ts';

export interface JsonContents {
  /** Texts of secrets by ARN. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Image manifests by digest. */
  readonly manifests: ReadonlyMap<string, string>;
}

type Answered = readonly [calls: readonly AwsCall[], body: object];

const Sent = z.object({ QueueUrl: z.string(), MessageBody: z.string() });
const SentBatch = z.object({
  QueueUrl: z.string(),
  Entries: z.array(z.object({ Id: z.string(), MessageBody: z.string() })),
});
const Delayed = z.object({ QueueUrl: z.string(), ReceiptHandle: z.string() });
const Put = z.object({ Entries: z.array(z.object({ EventBusName: z.string() })) });
const Secret = z.object({ SecretId: z.string() });
const Images = z.object({
  registryId: z.string(),
  repositoryName: z.string(),
  imageIds: z.tuple([z.object({ imageDigest: z.string() })]),
});
const Typed = z.object({ mediaType: z.string().optional() });
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** The operations of the services that speak JSON, by `X-Amz-Target`. */
const OPERATIONS: Readonly<Record<string, (body: unknown, contents: JsonContents, region: string) => Answered>> = {
  'AmazonSQS.SendMessage': (body) => {
    const { QueueUrl: url, MessageBody: text } = Sent.parse(body);
    return [[toQueueCall('SendMessage', url)], { MessageId: '1', MD5OfMessageBody: hash('md5', text) }];
  },
  'AmazonSQS.SendMessageBatch': (body) => {
    const { QueueUrl: url, Entries: entries } = SentBatch.parse(body);
    const sent = entries.map(({ Id: id, MessageBody: text }) => ({
      Id: id,
      MessageId: id,
      MD5OfMessageBody: hash('md5', text),
    }));
    return [[toQueueCall('SendMessage', url)], { Successful: sent, Failed: [] }];
  },
  'AmazonSQS.ChangeMessageVisibility': (body) => [
    [toQueueCall('ChangeMessageVisibility', Delayed.parse(body).QueueUrl)],
    {},
  ],
  'AWSEvents.PutEvents': (body) => {
    const { Entries: entries } = Put.parse(body);
    const calls = entries.map(({ EventBusName: bus }) => ({ action: 'events:PutEvents', resource: bus }));
    return [calls, { FailedEntryCount: 0, Entries: entries.map((_, index) => ({ EventId: String(index) })) }];
  },
  'secretsmanager.GetSecretValue': (body, { secrets }) => {
    const { SecretId: arn } = Secret.parse(body);
    return [[{ action: 'secretsmanager:GetSecretValue', resource: arn }], { SecretString: secrets.get(arn) }];
  },
  'AmazonEC2ContainerRegistry_V20150921.BatchGetImage': (body, { manifests }, region) => {
    const { registryId, repositoryName: name, imageIds } = Images.parse(body);
    const [imageId] = imageIds;
    const resource = `arn:aws:ecr:${region}:${registryId}:repository/${name}`;
    const imageManifest = manifests.get(imageId.imageDigest);
    const { mediaType = OCI_MANIFEST } = Typed.parse(JSON.parse(imageManifest ?? '{}'));
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
