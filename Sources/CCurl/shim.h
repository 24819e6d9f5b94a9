#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo take any argument, which Swift cannot call: one function for each type.

typedef size_t (*CCurlSink)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode ccurl_set_long(CURL *curl, CURLoption option, long value) {
  return curl_easy_setopt(curl, option, value);
}

static inline CURLcode ccurl_set_text(CURL *curl, CURLoption option, const char *value) {
  return curl_easy_setopt(curl, option, value);
}

static inline CURLcode ccurl_set_list(CURL *curl, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(curl, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *curl, CURLoption option, void *value) {
  return curl_easy_setopt(curl, option, value);
}

static inline CURLcode ccurl_set_sink(CURL *curl, CURLoption option, CCurlSink value) {
  return curl_easy_setopt(curl, option, value);
}

static inline const char *ccurl_redirect(CURL *curl) {
  char *address = 0;
  return curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &address) == CURLE_OK ? address : 0;
}
