/** The public part of parquetjs-lite 0.8.7 that the benches use; the package brings no types. */
declare module 'parquetjs-lite' {
  export interface ParquetField {
    type: 'INT32' | 'UTF8';
    optional?: boolean;
    compression?: 'UNCOMPRESSED' | 'SNAPPY' | 'GZIP';
    statistics?: boolean;
  }

  class ParquetSchema {
    constructor(fields: Record<string, ParquetField>);
  }

  /** What the writer asks of a stream. */
  interface ByteSink {
    write(bytes: Uint8Array, done: (error?: Error | null) => void): void;
    end(done: (error?: Error | null) => void): void;
  }

  class ParquetWriter {
    static openStream(
      schema: ParquetSchema,
      sink: ByteSink,
      options: { pageIndex: boolean; rowGroupSize: number; pageSize?: number },
    ): Promise<ParquetWriter>;
    /** Must be awaited before the next call. */
    appendRow(row: Record<string, unknown>): Promise<void>;
    close(): Promise<void>;
  }

  const parquet: { ParquetSchema: typeof ParquetSchema; ParquetWriter: typeof ParquetWriter };
  export default parquet;
}
