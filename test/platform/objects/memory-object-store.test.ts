import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { describeObjectStoreContract } from './object-store-contract.ts';

describeObjectStoreContract('memory', async () => createMemoryObjectStore());
