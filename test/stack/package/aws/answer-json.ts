import { generateKeyPairSync, hash, sign } from 'node:crypto';
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
const Queue = v.object({ QueueUrl: v.string() });
const Delayed = v.object({ QueueUrl: v.string(), ReceiptHandle: v.string() });
const Put = v.object({ Entries: v.array(v.object({ EventBusName: v.string() })) });
const Secret = v.object({ SecretId: v.string() });
const Key = v.object({ KeyId: v.string() });
const ToSign = v.object({
  KeyId: v.string(),
  Message: v.string(),
  MessageType: v.literal('DIGEST'),
  SigningAlgorithm: v.literal('ECDSA_SHA_256'),
});
/** The one key of KMS. */
const KMS_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const Images = v.object({
  registryId: v.string(),
  repositoryName: v.string(),
  imageIds: v.strictTuple([v.union([v.object({ imageDigest: v.string() }), v.object({ imageTag: v.string() })])]),
});
const Referred = v.object({
  registryId: v.string(),
  repositoryName: v.string(),
  subjectId: v.object({ imageDigest: v.string() }),
});
const Layer = v.object({ registryId: v.string(), repositoryName: v.string(), layerDigest: v.string() });
const Manifest = v.looseObject({
  subject: v.optional(v.object({ digest: v.string() })),
  artifactType: v.optional(v.string()),
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
  'AmazonSQS.ChangeMessageVisibilityBatch': (body) => [
    [toQueueCall('ChangeMessageVisibility', v.parse(Queue, body).QueueUrl)],
    { Successful: [{ Id: '0' }], Failed: [] },
  ],
  'AmazonSQS.DeleteMessage': (body) => [[toQueueCall('DeleteMessage', v.parse(Queue, body).QueueUrl)], {}],
  'AmazonSQS.GetQueueAttributes': (body) => [
    [toQueueCall('GetQueueAttributes', v.parse(Queue, body).QueueUrl)],
    { Attributes: { ApproximateNumberOfMessages: '1', ApproximateNumberOfMessagesNotVisible: '0' } },
  ],
  'AmazonSQS.ReceiveMessage': (body) => [
    [toQueueCall('ReceiveMessage', v.parse(Queue, body).QueueUrl)],
    { Messages: [{ MessageId: '1', ReceiptHandle: 'r', Body: '{}', MD5OfBody: hash('md5', '{}') }] },
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
  'TrentService.GetPublicKey': (body) => {
    const { KeyId: arn } = v.parse(Key, body);
    const PublicKey = KMS_KEY.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const kind = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', SigningAlgorithms: ['ECDSA_SHA_256'] };
    return [[{ action: 'kms:GetPublicKey', resource: arn }], { KeyId: arn, PublicKey, ...kind }];
  },
  // Of any content: what is signed is looked at where the client is tested.
  'TrentService.Sign': (body) => {
    const { KeyId: arn, Message, SigningAlgorithm } = v.parse(ToSign, body);
    const Signature = sign('sha256', Buffer.from(Message), KMS_KEY.privateKey).toString('base64');
    return [[{ action: 'kms:Sign', resource: arn }], { KeyId: arn, Signature, SigningAlgorithm }];
  },
  'AmazonEC2ContainerRegistry_V20150921.BatchGetImage': (body, { manifests }, region) => {
    const { registryId, repositoryName: name, imageIds } = v.parse(Images, body);
    const calls = [{ action: 'ecr:BatchGetImage', resource: toRepository({ registryId, name, region }) }];
    const [imageId] = imageIds;
    const imageManifest = 'imageDigest' in imageId ? manifests.get(imageId.imageDigest) : undefined;
    if (imageManifest === undefined)
      return [calls, { images: [], failures: [{ imageId, failureCode: 'ImageNotFound' }] }];
    const { mediaType = OCI_MANIFEST } = v.parse(Typed, JSON.parse(imageManifest));
    return [calls, { images: [{ imageId, imageManifest, imageManifestMediaType: mediaType }], failures: [] }];
  },
  'AmazonEC2ContainerRegistry_V20150921.ListImageReferrers': (body, { manifests }, region) => {
    const { registryId, repositoryName: name, subjectId } = v.parse(Referred, body);
    const resource = toRepository({ registryId, name, region });
    const referrers = [...manifests].flatMap(([digest, text]) => {
      const { subject, artifactType } = v.parse(Manifest, JSON.parse(text));
      return subject?.digest === subjectId.imageDigest
        ? [{ digest, mediaType: OCI_MANIFEST, artifactType, size: 1 }]
        : [];
    });
    // IAM knows no action of its own for it.
    return [[{ action: 'ecr:BatchGetImage', resource }], { referrers }];
  },
  'AmazonEC2ContainerRegistry_V20150921.GetDownloadUrlForLayer': (body, _, region) => {
    const { registryId, repositoryName: name, layerDigest } = v.parse(Layer, body);
    const resource = toRepository({ registryId, name, region });
    const downloadUrl = `https://${LAYERS}.s3.${region}.amazonaws.com/layer?X-Amz-Signature=key`;
    return [[{ action: 'ecr:GetDownloadUrlForLayer', resource }], { downloadUrl, layerDigest }];
  },
};

/** The bucket of AWS that holds the layers. */
export const LAYERS = 'prod-starport-layer-bucket';

function toRepository(of: { readonly registryId: string; readonly name: string; readonly region: string }): string {
  return `arn:aws:ecr:${of.region}:${of.registryId}:repository/${of.name}`;
}

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
