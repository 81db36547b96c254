// Reads Parquet files over HTTP, range by range. zstd is what our shards have; other compressions are not in it.
import { decompress } from 'fzstd';

export {
  asyncBufferFromUrl,
  cachedAsyncBuffer,
  parquetMetadataAsync,
  parquetRead,
  parquetReadObjects,
} from 'hyparquet';

export const compressors = {
  ZSTD: (input: Uint8Array, outputLength: number): Uint8Array =>
    decompress(input, new Uint8Array(outputLength)),
};
