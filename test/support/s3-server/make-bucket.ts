import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';

/** Makes new, empty buckets and, at the end, removes them with what they hold. */
export interface TestBuckets {
  readonly makeBucket: () => Promise<string>;
  readonly removeBuckets: () => Promise<void>;
}

export function createTestBuckets(client: S3Client): TestBuckets {
  const buckets: string[] = [];
  return {
    async makeBucket() {
      const bucket = `signet-test-${randomUUID()}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      buckets.push(bucket);
      return bucket;
    },
    async removeBuckets() {
      for (const bucket of buckets) {
        for await (const { Contents: objects = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
          for (const { Key } of objects) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
        }
        await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      }
    },
  };
}
