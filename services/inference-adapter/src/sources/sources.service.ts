import { Inject, Injectable } from "@nestjs/common";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { ApiError } from "#anthropic/errors.js";
import { hasUrlSource } from "#anthropic/has-url-source.js";
import type {
  ContentBlock,
  DocumentBlock,
  ImageBlock,
  SearchResultBlock,
  TextBlock,
  ToolResultBlock,
} from "#anthropic/messages.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { checkImage } from "./check-image.js";
import { FewAtOnce } from "../generations/few-at-once.js";
import { parseBase64 } from "./parse-base64.js";
import { parsePrivateHosts } from "./parse-private-hosts.js";
import { PdfReader } from "./pdf.reader.js";
import { type FetchedSource, SourceClient } from "./source.client.js";
import { toDocumentBlocks, toPagesText } from "./to-document-blocks.js";

const maxFetchedBytes = 32 * 1024 * 1024;
const fetchTimeoutMs = 20_000;
/** Of all messages together: each is fetched anew with every turn. */
const mostFetches = 20;
/** As long as a request's body may be: a small PDF can hold megabytes of text, and a request many of them. */
const mostAdded = 32 * 1024 * 1024;
/** What they fetch is in memory, and is no request's body that is counted before it is let in. */
const fetchingAtOnce = 4;
const mostWaiting = 64;

/** What a request brings along by reference or as a file, put into the words and images that a model is shown. */
@Injectable()
export class SourcesService {
  private readonly client: SourceClient;
  private readonly pdfs = new PdfReader();
  private readonly fetching = new FewAtOnce(fetchingAtOnce, mostWaiting);

  constructor(@Inject(InferenceAdapterConfig) private readonly config: InferenceAdapterConfig) {
    this.client = new SourceClient({
      privateHosts: parsePrivateHosts(config.FETCH_PRIVATE_HOSTS),
      timeoutMs: fetchTimeoutMs,
    });
  }

  /**
   * The request with its images as base64 and its documents and search results as text, each in its place; the
   * input is not changed. @throws ApiError `invalid_request_error` naming what cannot be read, `overloaded_error`
   */
  async inline(request: CanonicalRequest, signal: AbortSignal): Promise<CanonicalRequest> {
    if (!hasUrlSource(request)) return this.read(request, signal);
    return this.fetching.run(() => this.read(request, signal), signal);
  }

  private async read(request: CanonicalRequest, signal: AbortSignal): Promise<CanonicalRequest> {
    const reading = new Reading(this.client, this.pdfs, this.config.FETCH_URLS, signal);
    const messages = [];
    for (const [index, message] of request.messages.entries()) {
      const content = await reading.blocks(message.content, `messages.${index}.content`);
      messages.push(content === message.content ? message : { ...message, content });
    }
    return { ...request, messages };
  }
}

/** One request being read. */
class Reading {
  private fetches = 0;
  /** What has come from URLs and out of files, in bytes or characters. */
  private added = 0;

  constructor(
    private readonly client: SourceClient,
    private readonly pdfs: PdfReader,
    private readonly mayFetch: boolean,
    private readonly signal: AbortSignal,
  ) {}

  /** The same list where nothing in it is to be read. */
  async blocks(content: ContentBlock[], path: string): Promise<ContentBlock[]> {
    if (!content.some(isToBeRead)) return content;
    const read: ContentBlock[] = [];
    for (const [index, block] of content.entries())
      for (const part of await this.block(block, `${path}.${index}`)) read.push(part);
    return read;
  }

  private async block(block: ContentBlock, path: string): Promise<ContentBlock[]> {
    switch (block.type) {
      case "image":
        return [await this.image(block, `${path}.image.source`)];
      case "document":
        return this.document(block, `${path}.document.source`);
      case "search_result":
        return this.searchResult(block, path);
      case "tool_result":
        return [await this.toolResult(block, `${path}.tool_result.content`)];
      case "unknown":
      case "text":
      case "thinking":
      case "tool_use":
      case "tool_reference":
      case "compaction":
        return [block];
      default:
        if (isUpload(block)) throw noFiles(path);
        return [block];
    }
  }

  private async toolResult(block: ToolResultBlock, path: string): Promise<ToolResultBlock> {
    return { ...block, content: await this.blocks(block.content as ContentBlock[], path) };
  }

  private async image({ source, ...rest }: ImageBlock, path: string): Promise<ImageBlock> {
    switch (source.type) {
      case "base64":
        checkImage(parseBase64(source.data, `${path}.base64`), source.media_type, `${path}.base64`);
        return { ...rest, source };
      case "url": {
        const { bytes } = await this.fetch(source.url, path);
        checkImage(bytes, undefined, `${path}.url`);
        this.add(bytes.length, `${path}.url`);
        // What it is shows in its first bytes; nobody reads the type any more.
        return { ...rest, source: { type: "base64", media_type: "image/*", data: bytes.toString("base64") } };
      }
      case "file":
        throw noFiles(path);
      default:
        throw unknownSource(path);
    }
  }

  private async document(block: DocumentBlock, path: string): Promise<ContentBlock[]> {
    const { source } = block;
    switch (source.type) {
      case "text":
        return toDocumentBlocks(block, [toText(source.data)]);
      case "content": {
        const { content } = source;
        if (typeof content === "string") return toDocumentBlocks(block, [toText(content)]);
        return toDocumentBlocks(block, await this.blocks(content, `${path}.content`));
      }
      case "base64": {
        const bytes = parseBase64(source.data, `${path}.base64`);
        const text = await this.file({ bytes, mediaType: source.media_type ?? "" }, `${path}.base64`);
        return toDocumentBlocks(block, [toText(text)]);
      }
      case "url": {
        const text = await this.file(await this.fetch(source.url, path), `${path}.url`);
        return toDocumentBlocks(block, [toText(text)]);
      }
      case "file":
        throw noFiles(path);
      default:
        throw unknownSource(path);
    }
  }

  private async file({ bytes, mediaType }: FetchedSource, path: string): Promise<string> {
    if (isText(mediaType)) {
      this.add(bytes.length, path);
      return decodeText(bytes, path);
    }
    // Servers send PDF files as anything; what they are shows in their first bytes.
    if (mediaType !== "application/pdf" && mediaType !== "" && mediaType !== "application/octet-stream")
      throw invalid(path, `Documents of type '${mediaType}' are not read: only PDF and text`);
    const pages = await this.pdfs.read(bytes, path, this.signal);
    for (const { length } of pages) this.add(length, path);
    return toPagesText(pages);
  }

  private add(length: number, path: string): void {
    this.added += length;
    if (this.added > mostAdded)
      throw invalid(path, "What URLs and files bring along may be 32 MB in one request");
  }

  private async searchResult({ source, title, content }: SearchResultBlock, path: string) {
    const inner = await this.blocks(content ?? [], `${path}.content`);
    return toDocumentBlocks({ title: title ?? null, context: source ?? null }, inner);
  }

  private async fetch(url: string, path: string): Promise<FetchedSource> {
    if (!this.mayFetch) throw invalid(path, "URLs are not fetched here: send the content");
    this.fetches += 1;
    if (this.fetches > mostFetches) throw invalid(path, `A maximum of ${mostFetches} URLs may be provided`);
    return this.client.fetch(url, maxFetchedBytes, this.signal);
  }
}

const readTypes = ["image", "document", "search_result", "tool_result", "container_upload"];
const isUpload = ({ type }: { type: string }): boolean => type === "container_upload";
const isToBeRead = ({ type }: ContentBlock): boolean => readTypes.includes(type);

/** HTML too: its tags tell a model what is what. */
const isText = (mediaType: string): boolean =>
  mediaType.startsWith("text/") || /^application\/([a-z.-]+\+)?(json|xml)$/.test(mediaType);

function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid(path, "The document is no UTF-8 text");
  }
}

const toText = (text: string): TextBlock => ({ type: "text", text });

const invalid = (path: string, message: string) =>
  new ApiError("invalid_request_error", `${path}: ${message}`);

const noFiles = (path: string) =>
  invalid(path, "There is no Files API here: send the content itself, as base64 or text");

const unknownSource = (path: string) => invalid(path, "Sources of this type are not supported");
