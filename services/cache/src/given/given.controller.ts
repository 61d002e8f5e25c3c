import { Controller, HttpCode, Param, Put } from "@nestjs/common";
import { GivenAnswers } from "./given-answers.js";
import { parseGivenHash } from "./parse-given-hash.js";

@Controller("given")
export class GivenController {
  constructor(private readonly given: GivenAnswers) {}

  @Put(":hash")
  @HttpCode(204)
  async mark(@Param("hash") hash: string): Promise<void> {
    await this.given.mark(parseGivenHash(hash));
  }
}
