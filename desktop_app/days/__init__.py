"""`silian days`: the acceptance days of the product, played with real processes and measured step by step."""
