"""Language models behind LiteLLM, by alias: what is asked, what is believed of the answer."""
