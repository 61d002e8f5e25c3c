import { Body, Controller, Get, Header, HttpCode, Param, Put } from "@nestjs/common";
import { ApiError } from "#anthropic/errors.js";
import { parseEntryKey } from "#service-contracts/parse-entry-key.js";
import { NotesService } from "./notes.service.js";

const maxNoteBytes = 1024 * 1024;

/** A note is named by 64 hexadecimal digits, as an entry is. */
@Controller("notes")
export class NotesController {
  constructor(private readonly notes: NotesService) {}

  /** As text: what is a text or a number in JSON would not be sent as JSON. */
  @Get(":name")
  @Header("content-type", "application/json; charset=utf-8")
  async read(@Param("name") name: string): Promise<string> {
    const text = await this.notes.read(parseEntryKey(name));
    if (text === undefined) throw new ApiError("not_found_error", "No such note");
    return text;
  }

  @Put(":name")
  @HttpCode(204)
  async write(@Param("name") name: string, @Body() body: unknown): Promise<void> {
    const text = JSON.stringify(body ?? null);
    if (Buffer.byteLength(text) > maxNoteBytes)
      throw new ApiError("request_too_large", "A note may have at most 1 MiB");
    const isWritten = await this.notes.write(parseEntryKey(name), text);
    if (!isWritten)
      throw new ApiError("overloaded_error", "Redis does not answer; the note is in memory only");
  }
}
