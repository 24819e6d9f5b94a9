// Loads a model with llama.cpp's defaults, lets it see a prompt and prints the likeliest next token: the least
// that any program on llama.cpp does before its first word. bench-loading.py builds and runs it.
//
//   llama-first-token MODEL PROMPT THREADS
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "llama.h"

static void say_nothing(enum ggml_log_level level, const char *text, void *data) {
  (void)level, (void)text, (void)data;
}

int main(int count, char **arguments) {
  if (count != 4) return 64;
  llama_log_set(say_nothing, NULL);
  llama_backend_init();
  struct llama_model *model =
      llama_model_load_from_file(arguments[1], llama_model_default_params());
  if (!model) return 1;
  const struct llama_vocab *vocabulary = llama_model_get_vocab(model);

  int length = (int)strlen(arguments[2]);
  llama_token *tokens = malloc((length + 16) * sizeof *tokens);
  int tokenCount = llama_tokenize(vocabulary, arguments[2], length, tokens, length + 16, true, true);
  if (tokenCount <= 0) return 1;

  struct llama_context_params parameters = llama_context_default_params();
  parameters.n_ctx = 4096;  // what quern takes
  parameters.n_threads = parameters.n_threads_batch = atoi(arguments[3]);
  struct llama_context *context = llama_init_from_model(model, parameters);
  if (!context) return 1;
  struct llama_sampler *sampler = llama_sampler_init_greedy();
  if (llama_decode(context, llama_batch_get_one(tokens, tokenCount)) != 0) return 1;
  llama_token token = llama_sampler_sample(sampler, context, -1);
  char piece[256];
  int bytes = llama_token_to_piece(vocabulary, token, piece, sizeof piece, 0, true);
  if (bytes <= 0) return 1;
  fwrite(piece, 1, bytes, stdout);
  fflush(stdout);
  return 0;
}
